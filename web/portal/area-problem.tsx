import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState, PageTitle, Section } from '../shared/page.tsx'
import { toProblem } from '../shared/problem.ts'
import { RouteProblem } from '../shared/route-states.tsx'
import { ButtonLink } from './button-link.tsx'

/** What a page shows whose data did not come; to who may not see it here, whom to ask. */
export function AreaProblem(props: ErrorComponentProps) {
  const { t } = useTranslation()
  if (toProblem(props.error).code !== 'not_permitted') return <RouteProblem {...props} />
  return (
    <>
      <PageTitle title={t('not_permitted.title')} />
      <Section>
        <EmptyState
          icon={<IconLock size={24} aria-hidden />}
          title={t('not_permitted.what')}
          action={
            <ButtonLink to="/" variant="default">
              {t('pay.home')}
            </ButtonLink>
          }
        >
          {t('not_permitted.text')}
        </EmptyState>
      </Section>
    </>
  )
}
