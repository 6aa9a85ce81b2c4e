import { Button, Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { ContractDocumentSummary, ServiceContract } from '../shared/api-types.gen.ts'
import { ContractText } from '../shared/contract-text.tsx'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput, FileDrop, MoneyInput } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { ButtonLink } from './button-link.tsx'
import { localToday } from './calendar-day.ts'
import {
  contractDocumentQuery,
  contractPreviewQuery,
  refreshContracts,
  usableTemplatesQuery,
} from './contract-queries.ts'
import { DocumentState } from './contract-words.tsx'
import styles from './contracts.module.css'
import formStyles from './form-layout.module.css'
import { FormulaField } from './formula-field.tsx'
import { unitsQuery } from './frame-queries.ts'
import { useMay } from './session.ts'

/** What is agreed about a service. */
export function ContractDataDialog({
  contract,
  onClose,
}: {
  contract: ServiceContract
  onClose: () => void
}) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  const { data: templates = [] } = useQuery(usableTemplatesQuery(contract.business_unit_id))
  const missing = t('common:input.required')
  const form = useForm({
    initial: {
      template_id: contract.template_id ?? '',
      installation_fee: contract.installation_fee as number | null,
      instalments: contract.instalments as number | string,
      term_months: contract.term_months as number | string,
      renewal: contract.renewal as string,
      renewal_months: (contract.renewal_months ?? 12) as number | string,
      renewal_binds: contract.renewal_binds,
      penalty: contract.penalty as string,
      penalty_amount: contract.penalty_amount,
      penalty_formula: contract.penalty_formula ?? '',
    },
    check: (values) => ({
      instalments: !(Number(values.instalments) >= 1) && missing,
      term_months: values.term_months === '' && missing,
      renewal_months: values.renewal === 'automatic' && !(Number(values.renewal_months) >= 1) && missing,
      penalty_amount: values.penalty === 'fixed' && values.penalty_amount === null && missing,
      penalty_formula: values.penalty === 'formula' && values.penalty_formula.trim() === '' && missing,
    }),
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/subscriptions/{id}/contract', {
          params: { path: { id: contract.subscription_id } },
          body: {
            template_id: values.template_id === '' ? null : values.template_id,
            installation_fee: values.installation_fee ?? 0,
            instalments: Number(values.instalments),
            term_months: Number(values.term_months),
            renewal: values.renewal as ServiceContract['renewal'],
            renewal_months: values.renewal === 'automatic' ? Number(values.renewal_months) : null,
            renewal_binds: values.renewal_binds,
            penalty: values.penalty as ServiceContract['penalty'],
            penalty_amount: values.penalty === 'fixed' ? values.penalty_amount : null,
            penalty_formula: values.penalty === 'formula' ? values.penalty_formula : null,
          },
        }),
      ),
    onDone: () => {
      showToast({ tone: 'good', title: t('ui.saved') })
      void refreshContracts(queryClient)
      onClose()
    },
  })
  const { values } = form
  const number = (name: 'instalments' | 'term_months' | 'renewal_months') => ({
    value: values[name],
    onChange: (value: number | string) => form.set(name, value),
    error: form.errors[name],
    allowDecimal: false,
    allowNegative: false,
  })
  return (
    <Dialog opened onClose={onClose} title={t('ui.edit')} size="large">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={formStyles.fields}>
          <NativeSelect
            label={t('ui.template')}
            data={[
              { value: '', label: t('ui.template_default') },
              ...templates.map((one) => ({ value: one.id, label: one.name })),
            ]}
            {...form.field('template_id')}
          />
          <div data-span="6">
            <MoneyInput
              label={t('ui.fee')}
              currency={contract.currency}
              value={values.installation_fee}
              onChange={(amount) => form.set('installation_fee', amount)}
              error={form.errors.installation_fee}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('ui.instalments')}
              description={t('ui.instalments_help')}
              min={1}
              max={60}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...number('instalments')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('ui.term')}
              description={t('ui.term_help')}
              min={0}
              max={600}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...number('term_months')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('ui.renewal')}
              data={(['none', 'automatic', 'on_request'] as const).map((value) => ({
                value,
                label: t(`renewal.${value}`),
              }))}
              {...form.field('renewal')}
            />
          </div>
          {values.renewal === 'automatic' && (
            <div data-span="6">
              <NumberInput
                label={t('ui.renewal_months')}
                min={1}
                max={600}
                required
                {...number('renewal_months')}
              />
            </div>
          )}
          {values.renewal !== 'none' && (
            <Checkbox
              label={t('ui.renewal_binds')}
              description={t('ui.renewal_binds_help')}
              {...form.toggle('renewal_binds')}
            />
          )}
          <div data-span="6">
            <NativeSelect
              label={t('ui.penalty')}
              data={(['none', 'fixed', 'formula'] as const).map((value) => ({
                value,
                label: t(`penalty.${value}`),
              }))}
              {...form.field('penalty')}
            />
          </div>
          {values.penalty === 'fixed' && (
            <div data-span="6">
              <MoneyInput
                label={t('ui.penalty_amount')}
                required
                currency={contract.currency}
                value={values.penalty_amount}
                onChange={(amount) => form.set('penalty_amount', amount)}
                error={form.errors.penalty_amount}
              />
            </div>
          )}
          {values.penalty === 'formula' && (
            <FormulaField
              value={values.penalty_formula}
              onChange={(value) => form.set('penalty_formula', value)}
              error={form.errors.penalty_formula}
              subscriptionId={contract.subscription_id}
              currency={contract.currency}
            />
          )}
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** The contract as it would be issued, and the deed. */
export function IssueDialog({ contract, onClose }: { contract: ServiceContract; onClose: () => void }) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  const may = useMay()
  const { data: templates, isSuccess } = useQuery(usableTemplatesQuery(contract.business_unit_id))
  const [chosen, setChosen] = useState('')
  const preview = useQuery({
    ...contractPreviewQuery(contract.subscription_id, chosen),
    enabled: (templates?.length ?? 0) > 0,
  })
  const form = useForm({
    initial: { send: true },
    submit: ({ send }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/contract/issue', {
          params: { path: { id: contract.subscription_id } },
          headers: idempotent(idempotencyKey),
          body: { send, ...(chosen === '' ? {} : { template_id: chosen }) },
        }),
      ),
    onDone: () => {
      showToast({ tone: 'good', title: t('ui.issued') })
      void refreshContracts(queryClient)
      onClose()
    },
  })
  const none = isSuccess && templates.length === 0
  return (
    <Dialog opened onClose={onClose} title={t('ui.issue_title')} size="large">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        {none ? (
          <Callout tone="info">
            <p>{t('ui.needs_template')}</p>
            {may('settings.write') && (
              <ButtonLink to="/settings/contract-templates/new" size="xs" variant="default">
                {t('ui.add_template')}
              </ButtonLink>
            )}
          </Callout>
        ) : (
          <>
            <p>{t('ui.issue_text')}</p>
            <NativeSelect
              label={t('ui.template')}
              data={(templates ?? []).map((one) => ({ value: one.id, label: one.name }))}
              value={chosen === '' ? (preview.data?.template_id ?? '') : chosen}
              onChange={(event) => setChosen(event.currentTarget.value)}
            />
            <ProblemAlert error={preview.error} onRetry={preview.refetch} />
            {preview.data ? (
              <ContractText
                blocks={preview.data.blocks}
                label={`${preview.data.title}, ${t('ui.revision', { revision: preview.data.revision })}`}
              />
            ) : (
              <SkeletonText lines={6} />
            )}
            <Checkbox label={t('ui.issue_send')} {...form.toggle('send')} />
          </>
        )}
        <ProblemAlert error={form.problem} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!preview.data}>
            {t('ui.issue')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Renews it for so many months. */
export function RenewDialog({ contract, onClose }: { contract: ServiceContract; onClose: () => void }) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { months: (contract.renewal_months ?? (contract.term_months || 12)) as number | string },
    check: ({ months }) => ({ months: !(Number(months) >= 1) && t('common:input.required') }),
    submit: ({ months }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/contract/renew', {
          params: { path: { id: contract.subscription_id } },
          headers: idempotent(idempotencyKey),
          body: { months: Number(months) },
        }),
      ),
    onDone: () => {
      showToast({ tone: 'good', title: t('ui.renewed') })
      void refreshContracts(queryClient)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('ui.renew_title')} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('ui.renew_text')}</p>
        <NumberInput
          label={t('ui.renew_for')}
          required
          min={1}
          max={600}
          allowDecimal={false}
          value={form.values.months}
          onChange={(value) => form.set('months', value)}
          error={form.errors.months}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('ui.renew')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** It was signed on paper: when, by whom, and the scan. */
export function SignDialog({
  document,
  onClose,
}: {
  document: ContractDocumentSummary
  onClose: () => void
}) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const today = localToday(units.find((unit) => unit.id === document.business_unit_id)?.time_zone)
  const missing = t('common:input.required')
  const form = useForm({
    initial: { signed_on: today, signed_by: '', scan: null as File | null },
    check: (values) => ({
      signed_on: values.signed_on === '' && missing,
      signed_by: !values.signed_by.trim() && missing,
      scan: values.scan === null && missing,
    }),
    submit: ({ signed_on, signed_by, scan }, { idempotencyKey }) => {
      // The fields come before the file: the server takes it in as it arrives.
      const body = new FormData()
      body.append('signed_on', signed_on)
      body.append('signed_by', signed_by)
      if (scan) body.append('file', scan, scan.name)
      return orThrow(
        api.POST('/api/v1/office/contract-documents/{id}/sign', {
          params: { path: { id: document.id } },
          body: body as never,
          bodySerializer: (whole: unknown) => whole as never,
          headers: idempotent(idempotencyKey),
        }),
      )
    },
    onDone: () => {
      showToast({ tone: 'good', title: t('ui.signed') })
      void refreshContracts(queryClient)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('ui.sign')}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('ui.sign_text')}</p>
        <div className={formStyles.fields}>
          <div data-span="6">
            <DateInput label={t('ui.signed_on')} required max={today} {...form.field('signed_on')} />
          </div>
          <div data-span="6">
            <TextInput label={t('ui.signed_by')} required autoComplete="off" {...form.field('signed_by')} />
          </div>
          <FileDrop
            label={t('ui.scan')}
            description={t('ui.scan_help')}
            required
            accept="application/pdf,image/jpeg,image/png"
            maxBytes={20_000_000}
            value={form.values.scan}
            onChange={(file) => form.set('scan', file)}
            {...(form.errors.scan ? { error: form.errors.scan } : {})}
          />
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** A contract as it was issued, with the proof of how it was agreed to. */
export function ReadDialog({
  document,
  onClose,
}: {
  document: ContractDocumentSummary
  onClose: () => void
}) {
  const { t } = useTranslation('contracts')
  const { date, exact } = useFormats()
  const query = useQuery(contractDocumentQuery(document.id))
  const title = `${document.title}, ${t('ui.revision', { revision: document.revision })}`
  return (
    <Dialog opened onClose={onClose} title={title} size="large">
      <div className={styles.reading}>
        <div className={styles.about}>
          <strong>
            <DocumentState state={document.state} />
          </strong>
          {document.acceptance !== null && document.accepted_on !== null && (
            <small>
              {t(`ui.accepted_${document.acceptance}`, {
                name: [document.accepted_name, document.accepted_email].filter(Boolean).join(', '),
                date:
                  document.acceptance === 'portal' && document.accepted_at
                    ? exact(document.accepted_at)
                    : date(document.accepted_on),
              })}
            </small>
          )}
          {document.accepted_ip !== null && (
            <small>
              {[t('ui.accepted_from', { ip: document.accepted_ip }), document.accepted_user_agent]
                .filter(Boolean)
                .join(' · ')}
            </small>
          )}
          <small>
            {t('ui.fingerprint')}
            <span className={styles.proof}>{document.sha256}</span>
          </small>
        </div>
        <ProblemAlert error={query.error} onRetry={query.refetch} />
        {query.data ? <ContractText blocks={query.data.blocks} label={title} /> : <SkeletonText lines={8} />}
      </div>
      <DialogActions>
        <Button
          component="a"
          variant="default"
          href={`/api/v1/office/contract-documents/${document.id}/pdf`}
          target="_blank"
          rel="noreferrer"
        >
          {t('ui.open_pdf')}
        </Button>
        <Button onClick={onClose}>{t('common:action.close')}</Button>
      </DialogActions>
    </Dialog>
  )
}
