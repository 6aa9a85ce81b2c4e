import { Button, NativeSelect, TextInput, useMantineColorScheme } from '@mantine/core'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
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
import styles from '../account.module.css'
import { AccountNav } from '../area-navs.tsx'
import { useSession } from '../session.ts'

/** What belongs to the person, not to the account: photo, name, language, looks. */
export const Route = createFileRoute('/_app/user')({
  loader: () => loadTexts('security'),
  component: UserPage,
})

function UserPage() {
  const { t } = useTranslation()
  const { permissions: held } = useSession()
  // The owner may do everything, so the rest of the list says nothing more.
  const permissions = held.includes('owner') ? ['owner'] : held.length > 0 ? held : ['none']
  return (
    <>
      <AccountNav />
      <PageTitle title={t('user.title')} subtitle={t('user.subtitle')} />
      <div className={styles.cards}>
        <WhoYouAre />
        <HowYouSee />
        <Section title={t('user.permissions')}>
          <ul className={styles.permissions}>
            {permissions.map((permission) => (
              <li key={permission}>
                <IconCheck size={18} aria-hidden />
                {t(`user.permission.${permission}`)}
              </li>
            ))}
          </ul>
        </Section>
      </div>
    </>
  )
}

function WhoYouAre() {
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
    check: (values) => ({ name: !values.name.trim() && t('account.name_missing') }),
    submit: (body) => orThrow(api.PATCH('/api/v1/portal/session/user', { body })),
    onDone: async () => {
      await readAgain()
      showToast({ tone: 'good', title: t('user.saved') })
    },
  })
  return (
    <Section title={t('user.who')}>
      <div className={styles.photo}>
        <OwnPhoto name={session.name} photo={session.photo_file_id} onChanged={readAgain} />
      </div>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('user.name')}
          autoComplete="name"
          maxLength={200}
          required
          withAsterisk={false}
          {...form.field('name')}
        />
        <TextInput label={t('user.email')} value={session.email} readOnly disabled />
        <div className={styles.buttons}>
          <Button type="submit" loading={form.busy} disabled={!form.changed}>
            {t('user.save')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function HowYouSee() {
  const { t, i18n } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const onError = useProblemToast()
  const keepLanguage = useMutation({
    mutationFn: (language: string) =>
      orThrow(api.PATCH('/api/v1/portal/session/user', { body: { language: language as 'pt-BR' } })),
    onError,
  })
  return (
    <Section title={t('user.looks')}>
      <div className={styles.form}>
        <NativeSelect
          label={t('user.language')}
          value={i18n.language}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          onChange={(event) => {
            const language = event.currentTarget.value
            void changeLanguage(language)
            keepLanguage.mutate(language)
          }}
        />
        <NativeSelect
          label={t('user.theme')}
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
