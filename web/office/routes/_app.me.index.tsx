import { Button, NativeSelect, TextInput, useMantineColorScheme } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { useForm } from '../../shared/form.ts'
import { changeLanguage, languages, loadTexts, nameOfLanguage } from '../../shared/i18n.ts'
import { OwnPhoto } from '../../shared/own-photo.tsx'
import { PageTitle, Section } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import styles from '../me.module.css'
import { MeNav } from '../me-nav.tsx'
import { useSession } from '../session.ts'

/** How a member of staff appears to others, and how they see the office. */
export const Route = createFileRoute('/_app/me/')({
  loader: () => loadTexts('security'),
  component: Me,
})

function Me() {
  const { t } = useTranslation()
  const router = useRouter()
  const session = useSession()
  const { queryClient } = Route.useRouteContext()
  /** Whoever changed themselves is shown anew everywhere. */
  const readAgain = async () => {
    queryClient.removeQueries({ queryKey: ['session'] })
    await Promise.all([queryClient.invalidateQueries(), router.invalidate()])
  }
  const form = useForm({
    initial: { name: session.name },
    check: (values) => ({ name: !values.name.trim() && t('me.name_missing') }),
    submit: (body) => orThrow(api.PATCH('/api/v1/office/session/user', { body })),
    onDone: async () => {
      await readAgain()
      showToast({ tone: 'good', title: t('me.saved') })
    },
  })
  return (
    <>
      <MeNav />
      <PageTitle title={t('me.title')} subtitle={t('me.subtitle')} />
      <div className={styles.cards}>
        <Section title={t('me.who')}>
          <div className={styles.photo}>
            <OwnPhoto name={session.name} photo={session.photo_file_id} onChanged={readAgain} />
          </div>
          <form className={styles.form} onSubmit={form.onSubmit} noValidate>
            <ProblemAlert error={form.problem} />
            <TextInput
              label={t('me.name')}
              autoComplete="name"
              maxLength={200}
              required
              withAsterisk={false}
              {...form.field('name')}
            />
            <TextInput label={t('me.email')} value={session.email} readOnly disabled />
            <div>
              <Button type="submit" loading={form.busy} disabled={!form.changed}>
                {t('me.save')}
              </Button>
            </div>
          </form>
        </Section>
        <HowYouSee />
        <Section title={t('me.access')}>
          <p className={styles.note}>{t('me.access_text', { role: t(`shell.role.${session.role}`) })}</p>
        </Section>
      </div>
    </>
  )
}

function HowYouSee() {
  const { t, i18n } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const keepLanguage = useMutation({
    mutationFn: (language: string) =>
      orThrow(api.PATCH('/api/v1/office/session/user', { body: { language: language as 'pt-BR' } })),
    onError: useProblemToast(),
  })
  return (
    <Section title={t('me.looks')}>
      <div className={styles.form}>
        <NativeSelect
          label={t('common:language')}
          value={i18n.language}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          onChange={(event) => {
            const language = event.currentTarget.value
            void changeLanguage(language)
            keepLanguage.mutate(language)
          }}
        />
        <NativeSelect
          label={t('common:theme.label')}
          value={colorScheme}
          data={(['light', 'dark', 'auto'] as const).map((value) => ({
            value,
            label: t(`common:theme.${value}`),
          }))}
          onChange={(event) => setColorScheme(event.currentTarget.value as 'auto')}
        />
      </div>
    </Section>
  )
}
