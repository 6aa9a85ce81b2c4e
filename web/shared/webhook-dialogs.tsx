import { Button, Checkbox, NativeSelect, Radio, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import shared from './credentials.module.css'
import { ConfirmDialog, Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { ShownOnce } from './shown-once.tsx'
import { mine } from './side.ts'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'
import { type Endpoint, eventsQuery } from './webhook-queries.ts'
import { useEventGroups } from './webhook-words.ts'
import styles from './webhooks.module.css'

export type EndpointKey = { endpoint: Endpoint; key: string }

/** Makes an endpoint, or changes one; its key stays. */
export function EndpointDialog({
  endpoint,
  units,
  onClose,
  onMade,
  onChanged,
}: {
  /** Null makes one. */
  endpoint: Endpoint | null
  /** Business units that the operator's can be limited to; none for accounts. */
  units?: { id: string; name: string }[] | undefined
  onClose: () => void
  onMade: (made: EndpointKey) => void
  onChanged: () => void
}) {
  const { t } = useTranslation('webhooks')
  const typesId = useId()
  const events = useQuery(eventsQuery())
  const groups = useEventGroups(events.data ?? [])
  const form = useForm({
    initial: {
      url: endpoint?.url ?? 'https://',
      description: endpoint?.description ?? '',
      business_unit_id: endpoint?.business_unit_id ?? '',
      all: (endpoint?.event_types ?? null) === null,
      event_types: endpoint?.event_types ?? ([] as string[]),
    },
    check: (values) => ({
      url: values.url.trim().length < 9 && t('common:input.required'),
      event_types: !values.all && values.event_types.length === 0 && t('types_missing'),
    }),
    submit: async (values, { idempotencyKey }) => {
      const body = {
        url: values.url.trim(),
        description: values.description.trim() || null,
        event_types: values.all ? null : values.event_types,
        ...(units ? { business_unit_id: values.business_unit_id || null } : {}),
      } as never
      if (endpoint === null) {
        const headers = { 'Idempotency-Key': idempotencyKey }
        onMade(
          (await orThrow(
            api.POST(mine('/api/v1/portal/webhook-endpoints'), { body, headers }),
          )) as EndpointKey,
        )
      } else {
        const params = { path: { id: endpoint.id } }
        await orThrow(api.PATCH(mine('/api/v1/portal/webhook-endpoints/{id}'), { params, body }))
        onChanged()
      }
    },
  })
  const toggle = (types: string[], on: boolean) =>
    form.set(
      'event_types',
      on
        ? [...new Set([...form.values.event_types, ...types])]
        : form.values.event_types.filter((one) => !types.includes(one)),
    )
  return (
    <Dialog opened onClose={onClose} title={t(endpoint ? 'edit_title' : 'new_title')} size="large">
      <form className={shared.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem ?? events.error} />
        <TextInput
          type="url"
          label={t('url')}
          description={t(units ? 'url_help_own' : 'url_help')}
          maxLength={2000}
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.field('url')}
        />
        <TextInput
          label={t('description')}
          description={t('description_help')}
          maxLength={200}
          autoComplete="off"
          {...form.field('description')}
        />
        {units && units.length > 0 && (
          <NativeSelect
            label={t('unit')}
            description={t('unit_help')}
            data={[
              { value: '', label: t('all_units') },
              ...units.map((unit) => ({ value: unit.id, label: unit.name })),
            ]}
            {...form.field('business_unit_id')}
          />
        )}
        <fieldset className={styles.types}>
          <legend>{t('types')}</legend>
          <Radio
            name={typesId}
            label={t('types_all')}
            checked={form.values.all}
            onChange={() => form.set('all', true)}
          />
          <Radio
            name={typesId}
            label={t('types_some')}
            checked={!form.values.all}
            onChange={() => form.set('all', false)}
          />
          {!form.values.all && form.errors.event_types && (
            <p role="alert" className={shared.error}>
              {form.errors.event_types}
            </p>
          )}
          {!form.values.all && events.isPending && <SkeletonText lines={4} />}
          {!form.values.all && events.data && (
            <div className={shared.groups}>
              {groups.map((group) => {
                const all = group.events.map((event) => event.type)
                const chosen = all.filter((type) => form.values.event_types.includes(type))
                return (
                  <div key={group.label} className={styles.group}>
                    <Checkbox
                      className={styles.groupLabel}
                      label={group.label}
                      checked={chosen.length === all.length}
                      indeterminate={chosen.length > 0 && chosen.length < all.length}
                      onChange={(event) => toggle(all, event.currentTarget.checked)}
                    />
                    {group.events.map((event) => (
                      <Checkbox
                        key={event.type}
                        className={styles.type}
                        label={event.label}
                        description={<code>{event.type}</code>}
                        checked={form.values.event_types.includes(event.type)}
                        onChange={(change) => toggle([event.type], change.currentTarget.checked)}
                      />
                    ))}
                  </div>
                )
              })}
            </div>
          )}
        </fieldset>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t(endpoint ? 'common:action.save' : 'create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

const verifying = `import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.ZAGUAN_WEBHOOK_KEY)
// Throws where it is not ours, or too old.
const event = webhook.verify(rawBody, request.headers)`

/** The signing key, this once. */
export function EndpointKeyDialog({ made, onClose }: { made: EndpointKey; onClose: () => void }) {
  const { t } = useTranslation('webhooks')
  const formats = useFormats()
  const until = made.endpoint.previous_key_until
  return (
    <ShownOnce
      texts="webhooks"
      title={t('key_title')}
      warning={t('key_text')}
      label={t('key')}
      value={made.key}
      older={until ? t('old_key', { date: `${formats.date(until)}, ${formats.time(until)}` }) : null}
      example={verifying}
      done={t('key_done')}
      onClose={onClose}
    />
  )
}

/** What is asked before something happens to an endpoint. */
export function EndpointQuestion({
  kind,
  endpoint,
  onClose,
  onDone,
  onMade,
}: {
  kind: 'rotate' | 'off' | 'remove'
  endpoint: Endpoint
  onClose: () => void
  onDone: () => void
  onMade: (made: EndpointKey) => void
}) {
  const { t } = useTranslation('webhooks')
  const formats = useFormats()
  const params = { path: { id: endpoint.id } }
  if (kind === 'rotate') {
    const until = endpoint.previous_key_until
    return (
      <ConfirmDialog
        opened
        title={t('rotate_title')}
        confirm={t('rotate_confirm')}
        onClose={onClose}
        onConfirm={async () => {
          const made = await orThrow(
            api.POST(mine('/api/v1/portal/webhook-endpoints/{id}/rotate'), { params }),
          )
          // The question closes by itself; the key opens after it.
          setTimeout(() => onMade(made as EndpointKey))
        }}
      >
        <p>{t('rotate_text')}</p>
        {until && <p>{t('rotate_again', { date: `${formats.date(until)}, ${formats.time(until)}` })}</p>}
      </ConfirmDialog>
    )
  }
  const act = async () => {
    if (kind === 'off') {
      const body = { enabled: false }
      await orThrow(api.PATCH(mine('/api/v1/portal/webhook-endpoints/{id}'), { params, body }))
    } else {
      await orThrow(api.DELETE(mine('/api/v1/portal/webhook-endpoints/{id}'), { params }))
    }
    showToast({ tone: 'good', title: t(`${kind}_done`) })
    onDone()
  }
  return (
    <ConfirmDialog
      opened
      danger={kind === 'remove'}
      title={t(`${kind}_title`)}
      confirm={t(kind === 'off' ? 'switch_off' : 'remove')}
      onClose={onClose}
      onConfirm={act}
    >
      <p className={styles.breaks}>{t(`${kind}_text`, { url: endpoint.url })}</p>
    </ConfirmDialog>
  )
}

const spans = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, all: 30 * 86_400_000 } as const

/** Sends again what failed since a moment. */
export function ReplayDialog({
  endpoint,
  onClose,
  onDone,
}: {
  endpoint: Endpoint
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation('webhooks')
  const form = useForm({
    initial: { span: 'day' as string },
    submit: async ({ span }) => {
      const since = new Date(Date.now() - spans[span as keyof typeof spans]).toISOString()
      const { count } = await orThrow(
        api.POST(mine('/api/v1/portal/webhook-endpoints/{id}/replay'), {
          params: { path: { id: endpoint.id } },
          body: { since },
        }),
      )
      showToast({
        tone: count > 0 ? 'good' : 'neutral',
        title: count > 0 ? t('replayed', { count }) : t('replayed_none'),
      })
      onDone()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('replay_title')} size="small">
      <form className={shared.form} onSubmit={form.onSubmit} noValidate>
        <p>{t('replay_text')}</p>
        <ProblemAlert error={form.problem} />
        <NativeSelect
          label={t('replay_since')}
          data={Object.keys(spans).map((span) => ({ value: span, label: t(`replay_${span}`) }))}
          {...form.field('span')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('replay_confirm')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
