import { Button, Switch } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconKey from '@tabler/icons-react/dist/esm/icons/IconKey.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUserCheck from '@tabler/icons-react/dist/esm/icons/IconUserCheck.mjs'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import {
  type Key,
  KeyDialog,
  type KeySecret,
  type KeyTerms,
  RotateDialog,
  SecretDialog,
} from './api-key-dialogs.tsx'
import { keysQuery } from './api-key-queries.ts'
import styles from './api-keys.module.css'
import shared from './credentials.module.css'
import { ConfirmDialog } from './dialog.tsx'
import { Menu } from './menu.tsx'
import { EmptyState, PageTitle, Section, SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { mine } from './side.ts'
import { StateBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'

export type { Key, KeyTerms } from './api-key-dialogs.tsx'

type Opened =
  | { kind: 'new' }
  | { kind: 'edit' | 'rotate' | 'take' | 'revoke'; key: Key }
  | { kind: 'secret'; made: KeySecret }

/** API keys (A12): what comes in by program, what it may do, when it last did, and who answers for it. */
export function ApiKeysPage({
  subtitle,
  above,
  below,
  terms,
  own,
  writable,
}: {
  subtitle: string
  /** Navigation over the title, or under it. */
  above?: ReactNode
  below?: ReactNode
  terms: KeyTerms
  /** The user who is signed in. */
  own: string
  writable: boolean
}) {
  const { t } = useTranslation('keys')
  const queryClient = useQueryClient()
  const [ended, setEnded] = useState(false)
  const [opened, setOpened] = useState<Opened | null>(null)
  const query = useInfiniteQuery({ ...keysQuery(ended), placeholderData: keepPreviousData })
  const keys = query.data?.pages.flatMap((page) => page.items) ?? []
  const close = () => setOpened(null)
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['api-keys'] })
  const made = (secret: KeySecret) => {
    void refresh()
    setOpened({ kind: 'secret', made: secret })
  }
  const done = (title: string) => {
    void refresh()
    showToast({ tone: 'good', title })
    close()
  }
  const create = writable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened({ kind: 'new' })}>
      {t('new')}
    </Button>
  )
  return (
    <>
      {above}
      <PageTitle title={t('title')} subtitle={subtitle} actions={create} />
      {below}
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      <Section flush>
        {query.isPending && (
          <div className={styles.foot}>
            <SkeletonText lines={4} />
          </div>
        )}
        {query.isSuccess && keys.length === 0 && (
          <EmptyState icon={<IconKey size={24} aria-hidden />} title={t('none')} action={create}>
            {t('none_text')}
          </EmptyState>
        )}
        {keys.length > 0 && (
          <ul className={shared.list} aria-label={t('list')}>
            {keys.map((key) => (
              <KeyRow
                key={key.id}
                apiKey={key}
                terms={terms}
                own={own}
                actions={
                  writable && key.state !== 'revoked' ? (
                    <KeyMenu apiKey={key} own={own} onOpen={(kind) => setOpened({ kind, key })} />
                  ) : null
                }
              />
            ))}
          </ul>
        )}
        <div className={styles.foot}>
          <Switch
            label={t('ended')}
            checked={ended}
            onChange={(event) => setEnded(event.currentTarget.checked)}
          />
          {query.hasNextPage && (
            <Button
              variant="default"
              size="xs"
              loading={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {t('common:table.more')}
            </Button>
          )}
        </div>
      </Section>
      {(opened?.kind === 'new' || opened?.kind === 'edit') && (
        <KeyDialog
          apiKey={opened.kind === 'edit' ? opened.key : null}
          terms={terms}
          onClose={close}
          onMade={made}
          onChanged={(key) => done(t('saved', { name: key.name }))}
        />
      )}
      {opened?.kind === 'rotate' && <RotateDialog apiKey={opened.key} onClose={close} onMade={made} />}
      {opened?.kind === 'secret' && <SecretDialog made={opened.made} terms={terms} onClose={close} />}
      {opened?.kind === 'take' && (
        <ConfirmDialog
          opened
          title={t('take_title', { name: opened.key.name })}
          confirm={t('take_over')}
          onClose={close}
          onConfirm={async () => {
            const params = { path: { id: opened.key.id } }
            await orThrow(api.POST(mine('/api/v1/portal/api-keys/{id}/take-over'), { params }))
            done(t('take_done', { name: opened.key.name }))
          }}
        >
          <p>{t('take_text')}</p>
        </ConfirmDialog>
      )}
      {opened?.kind === 'revoke' && (
        <RevokeDialog
          apiKey={opened.key}
          onClose={close}
          onRevoke={() => {
            const params = { path: { id: opened.key.id } }
            return orThrow(api.DELETE(mine('/api/v1/portal/api-keys/{id}'), { params }))
          }}
          onDone={() => done(t('revoke_done', { name: opened.key.name }))}
        />
      )}
    </>
  )
}

function KeyMenu({
  apiKey,
  own,
  onOpen,
}: {
  apiKey: Key
  own: string
  onOpen: (kind: 'edit' | 'rotate' | 'take' | 'revoke') => void
}) {
  const { t } = useTranslation('keys')
  const isOwn = apiKey.person?.id === own
  return (
    <Menu
      label={t('actions', { name: apiKey.name })}
      trigger={<IconDots size={18} aria-hidden />}
      items={[
        ...(isOwn
          ? [
              { label: t('edit'), icon: IconPencil, onClick: () => onOpen('edit') },
              {
                label: t('rotate'),
                icon: IconRefresh,
                disabled: apiKey.state !== 'active',
                onClick: () => onOpen('rotate'),
              },
            ]
          : [{ label: t('take_over'), icon: IconUserCheck, onClick: () => onOpen('take') }]),
        { label: t('revoke'), icon: IconTrash, danger: true, onClick: () => onOpen('revoke') },
      ]}
    />
  )
}

/** Asks before a key ends, which nobody can undo. */
export function RevokeDialog({
  apiKey,
  onClose,
  onRevoke,
  onDone,
}: {
  apiKey: Key
  onClose: () => void
  onRevoke: () => Promise<unknown>
  onDone: () => void
}) {
  const { t } = useTranslation('keys')
  return (
    <ConfirmDialog
      opened
      danger
      title={t('revoke_title', { name: apiKey.name })}
      confirm={t('revoke')}
      onClose={onClose}
      onConfirm={async () => {
        await onRevoke()
        onDone()
      }}
    >
      <p>{t('revoke_text')}</p>
    </ConfirmDialog>
  )
}

/** Some scopes in words, the rest counted. */
function useScopeWords(groups: KeyTerms['groups']) {
  const { t } = useTranslation('keys')
  const words = new Map(groups.flatMap((group) => group.scopes.map((one) => [one.value, one.label] as const)))
  return (scopes: string[], most = 6) => {
    const shown = scopes.slice(0, most).map((scope) => words.get(scope) ?? scope)
    const more = scopes.length - shown.length
    return `${shown.join(' · ')}${more > 0 ? ` ${t('more_scopes', { count: more })}` : ''}`
  }
}

/** One key: what it may do, since when, for how long, by whom. */
function KeyRow({
  apiKey: key,
  terms,
  own,
  actions,
}: {
  apiKey: Key
  terms: Pick<KeyTerms, 'groups' | 'units'>
  own: string
  actions: ReactNode
}) {
  const { t } = useTranslation('keys')
  const formats = useFormats()
  const words = useScopeWords(terms.groups)
  const tone = key.state === 'active' ? 'good' : key.state === 'stopped' ? 'warning' : undefined
  const person = key.person?.name ?? '–'
  const unitNames = key.unit_ids?.map((id) => terms.units?.find((unit) => unit.id === id)?.name ?? '…')
  return (
    <li className={shared.row}>
      <span className={shared.icon} data-tone={tone} aria-hidden>
        <IconKey size={20} stroke={1.75} />
      </span>
      <div className={shared.words}>
        <div className={shared.name}>
          {key.name}
          <StateBadge kind="api_key" state={key.state} />
        </div>
        <p className={shared.reach}>{words(key.scopes)}</p>
        <div className={shared.facts}>
          <code className={shared.mono}>{key.hint}…</code>
          {key.read_only && <span>{t('reads')}</span>}
          {unitNames && <span>{t('units_of', { units: unitNames.join(', ') })}</span>}
          <span>{t('rate', { count: key.rate_limit })}</span>
          <span>
            {key.person === null
              ? t('answers_nobody')
              : key.person.id === own
                ? t('answers_you')
                : t('answers', { name: person })}
          </span>
        </div>
        <div className={shared.facts}>
          <span>
            {key.last_used_at
              ? t('last_used', { when: formats.relative(key.last_used_at), ip: key.last_used_ip ?? '–' })
              : t('never_used')}
          </span>
          <span>
            {key.revoked_at
              ? t('revoked', { date: formats.date(key.revoked_at) })
              : key.expires_at
                ? t(key.state === 'expired' ? 'expired' : 'expires', { date: formats.date(key.expires_at) })
                : t('no_expiry')}
          </span>
        </div>
        {key.state === 'stopped' && <Warning>{t('stopped_text', { name: person })}</Warning>}
        {key.state === 'active' && key.idle_scopes.length > 0 && (
          <Warning>{t('idle', { name: person, scopes: words(key.idle_scopes) })}</Warning>
        )}
        {key.previous_works_until && (
          <Warning>
            {t('old_secret', {
              date: `${formats.date(key.previous_works_until)}, ${formats.time(key.previous_works_until)}`,
            })}
          </Warning>
        )}
      </div>
      {actions}
    </li>
  )
}

function Warning({ children }: { children: ReactNode }) {
  return (
    <p className={shared.warning}>
      <IconAlertTriangle size={16} aria-hidden />
      <span>{children}</span>
    </p>
  )
}
