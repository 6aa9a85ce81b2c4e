import { Button } from '@mantine/core'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { ContractTemplate } from '../../shared/api-types.gen.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { BackLink } from '../back-link.tsx'
import { contractVariablesQuery, refreshTemplates, templateQuery } from '../contract-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { TemplateEditor } from '../template-editor.tsx'

/** One template, or a new one: its text beside what it says. */
export const Route = createFileRoute('/_app/settings/contract-templates/$id')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(unitsQuery),
      params.id === 'new' ? null : queryClient.ensureQueryData(templateQuery(params.id)),
      queryClient.prefetchQuery(contractVariablesQuery(document.documentElement.lang)),
      loadTexts('contracts'),
    ]),
  component: TemplatePage,
})

function TemplatePage() {
  const { id } = Route.useParams()
  return id === 'new' ? <NewTemplate /> : <OldTemplate id={id} />
}

function NewTemplate() {
  const { t } = useTranslation('contracts')
  const { t: office } = useTranslation()
  const may = useMay()
  const router = useRouter()
  const queryClient = useQueryClient()
  return (
    <>
      <PageTitle
        back={<BackLink to="/settings/contract-templates">{t('ui.templates')}</BackLink>}
        title={t('ui.template_new')}
      />
      {may('settings.write') ? (
        <TemplateEditor
          template={null}
          onDone={(made) => {
            showToast({ tone: 'good', title: t('ui.template_saved') })
            void refreshTemplates(queryClient)
            void router.navigate({ to: '/settings/contract-templates/$id', params: { id: made.id } })
          }}
        />
      ) : (
        <EmptyState title={office('words.not_permitted')} />
      )}
    </>
  )
}

function OldTemplate({ id }: { id: string }) {
  const { t } = useTranslation('contracts')
  const { t: office } = useTranslation()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: template } = useSuspenseQuery(templateQuery(id))
  const changed = (after: ContractTemplate) => {
    queryClient.setQueryData(templateQuery(id).queryKey, after)
    void refreshTemplates(queryClient)
    showToast({ tone: 'good', title: t('ui.template_saved') })
  }
  const archive = useMutation({
    mutationFn: (archived: boolean) =>
      orThrow(
        api.PATCH('/api/v1/office/contract-templates/{id}', { params: { path: { id } }, body: { archived } }),
      ),
    onSuccess: changed,
    onError: useProblemToast(),
  })
  const archived = template.archived_at !== null
  return (
    <>
      <PageTitle
        back={<BackLink to="/settings/contract-templates">{t('ui.templates')}</BackLink>}
        title={template.name}
        state={
          archived ? (
            <ToneBadge tone="neutral">{office('catalogue.archived')}</ToneBadge>
          ) : template.is_default ? (
            <ToneBadge tone="good">{t('ui.default')}</ToneBadge>
          ) : undefined
        }
        subtitle={[template.business_unit_name, t('ui.version_note', { version: template.version })].join(
          ' · ',
        )}
        actions={
          may('settings.write') && (
            <Button variant="default" loading={archive.isPending} onClick={() => archive.mutate(!archived)}>
              {office(archived ? 'catalogue.bring_back' : 'catalogue.archive')}
            </Button>
          )
        }
      />
      <TemplateEditor key={template.updated_at} template={template} onDone={changed} />
    </>
  )
}
