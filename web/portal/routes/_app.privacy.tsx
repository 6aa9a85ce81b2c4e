import { Button } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconFileExport from '@tabler/icons-react/dist/esm/icons/IconFileExport.mjs'
import { queryOptions, useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { PrivacyExport } from '../../shared/api-types.gen.ts'
import { useBrand } from '../../shared/brand.tsx'
import { ProgressBar } from '../../shared/job-tray.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import styles from '../account.module.css'
import { AccountNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { List, Row, Tile } from '../list.tsx'
import { useSession } from '../session.ts'

const isBusy = (one: PrivacyExport) => one.state === 'queued' || one.state === 'running'

const exportsQuery = queryOptions({
  queryKey: ['privacy-exports'],
  queryFn: async ({ signal }) => (await orThrow(api.GET('/api/v1/portal/privacy-exports', { signal }))).items,
  refetchInterval: ({ state }) => (state.data?.some(isBusy) ? 1_000 : false),
})

/** All that is stored about the account, for its owner to read or to take along. */
export const Route = createFileRoute('/_app/privacy')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(exportsQuery),
  component: PrivacyPage,
  errorComponent: AreaProblem,
})

function PrivacyPage() {
  const { t, i18n } = useTranslation()
  const queryClient = useQueryClient()
  const onError = useProblemToast()
  const { account_name } = useSession()
  const brand = useBrand()
  const { data: exports } = useSuspenseQuery(exportsQuery)
  const ask = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/portal/privacy-exports', { body: { language: i18n.language as 'pt-BR' } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: exportsQuery.queryKey })
      showToast({ tone: 'good', title: t('privacy.started') })
    },
    onError,
  })
  const busy = exports.some(isBusy)
  return (
    <>
      <AccountNav />
      <PageTitle title={t('privacy.title')} subtitle={t('privacy.subtitle', { account: account_name })} />
      <Stacked>
        <Section title={t('privacy.ask')}>
          <p className={styles.note}>{t('privacy.ask_text')}</p>
          <div className={styles.buttons}>
            <Button
              loading={ask.isPending}
              disabled={busy}
              leftSection={<IconFileExport size={18} aria-hidden />}
              onClick={() => ask.mutate()}
            >
              {t('privacy.ask')}
            </Button>
          </div>
        </Section>
        <Section title={t('privacy.exports')} flush>
          {exports.length === 0 ? (
            <EmptyState icon={<IconDownload size={24} aria-hidden />} title={t('privacy.none')}>
              {t('privacy.none_text')}
            </EmptyState>
          ) : (
            <div aria-live="polite">
              <List label={t('privacy.exports')}>
                {exports.map((one) => (
                  <ExportRow key={one.id} one={one} />
                ))}
              </List>
            </div>
          )}
        </Section>
        <Section title={t('privacy.erase_title')}>
          <p>
            {t('privacy.erase_text')}{' '}
            {brand.support_email ? (
              <a href={`mailto:${brand.support_email}`}>{brand.support_email}</a>
            ) : (
              t('privacy.erase_contact')
            )}
          </p>
        </Section>
      </Stacked>
    </>
  )
}

function ExportRow({ one }: { one: PrivacyExport }) {
  const { t } = useTranslation()
  const { date, time, bytes } = useFormats()
  const kept = one.state === 'done' && one.removed_at === null
  const day = date(one.created_at, 'long')
  const detail = isBusy(one)
    ? t('privacy.preparing')
    : one.state === 'failed'
      ? t('privacy.failed')
      : kept
        ? t('privacy.until', { date: date(one.expires_at ?? one.created_at, 'long') })
        : t('privacy.gone')
  return (
    <Row
      lead={<Tile icon={IconFileExport} tone={kept ? 'good' : isBusy(one) ? 'info' : 'neutral'} />}
      name={`${day}, ${time(one.created_at)}`}
      detail={
        isBusy(one) ? (
          <>
            {detail} · {t('privacy.progress', { done: one.parts_done, total: one.parts_total })}
            <ProgressBar
              share={one.parts_total > 0 ? one.parts_done / one.parts_total : null}
              label={t('privacy.preparing')}
            />
          </>
        ) : (
          detail
        )
      }
      actions={
        kept &&
        (['pdf', 'json'] as const).map((format) => (
          <Button
            key={format}
            component="a"
            size="sm"
            variant="default"
            href={`/api/v1/portal/privacy-exports/${one.id}/${format}`}
            download
            leftSection={<IconDownload size={16} aria-hidden />}
            aria-label={t(`privacy.${format}_of`, { date: day })}
          >
            {t(`privacy.${format}`, { size: bytes(one[`${format}_size`] ?? 0) })}
          </Button>
        ))
      }
    />
  )
}
