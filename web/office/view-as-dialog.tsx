import { Button, NativeSelect, Switch, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { membersQuery } from './account-queries.ts'
import formStyles from './form-layout.module.css'
import { useMay } from './session.ts'

/** Opens the portal as this customer sees it (A11): as whom, why, and whether anything may be changed. */
export function ViewAsDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation()
  const mayAct = useMay()('accounts.act_as')
  const { data: members = [] } = useQuery(membersQuery(account.id))
  const form = useForm({
    initial: { member_id: '', reason: '', write: false },
    check: (values) => ({ reason: !values.reason.trim() && t('view_as.reason_missing') }),
    submit: async (values, { idempotencyKey }) => {
      // While the click still counts, or the browser takes the new tab for an advertisement.
      const tab = window.open('about:blank', '_blank')
      try {
        const { url } = await orThrow(
          api.POST('/api/v1/office/accounts/{id}/view-as', {
            params: { path: { id: account.id } },
            body: { reason: values.reason.trim(), member_id: values.member_id || null, write: values.write },
            headers: idempotent(idempotencyKey),
          }),
        )
        if (tab) tab.location.replace(url)
        else window.location.assign(url)
      } catch (cause) {
        tab?.close()
        throw cause
      }
    },
    onDone: onClose,
  })
  return (
    <Dialog opened onClose={onClose} title={t('view_as.title', { name: account.name })}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <p>{t('view_as.text')}</p>
        <ProblemAlert error={form.problem} />
        <NativeSelect
          label={t('view_as.who')}
          data={[
            { value: '', label: t('view_as.account') },
            ...members.map((member) => ({
              value: member.id,
              label: member.name ? `${member.name} · ${member.email}` : member.email,
            })),
          ]}
          {...form.field('member_id')}
        />
        <Textarea
          label={t('view_as.reason')}
          description={t('view_as.reason_help')}
          maxLength={500}
          minRows={2}
          autosize
          required
          {...form.field('reason')}
        />
        <Switch
          label={t('view_as.write')}
          description={t(mayAct ? 'view_as.write_help' : 'view_as.write_denied')}
          disabled={!mayAct}
          {...form.toggle('write')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('view_as.open')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
