import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useTranslation } from 'react-i18next'
import { Section } from '../shared/page.tsx'
import { type ImportKind, importKinds } from './import-queries.ts'
import styles from './imports.module.css'

/** The forms that files come and go in. */
export const fileFormats = [
  { name: 'Excel', ending: 'xlsx' },
  { name: 'CSV', ending: 'csv' },
] as const

/** The address of a template, in the language of the screen: the browser's own may be another. */
export function templateUrl(kind: ImportKind, ending: string, language: string): string {
  return `/api/v1/office/import-templates/${kind}.${ending}?language=${language}`
}

/** Lists that can be downloaded, changed and imported again as they are. */
const currentLists: Partial<Record<ImportKind, string>> = {
  accounts: '/api/v1/office/accounts',
  contacts: '/api/v1/office/contacts',
}

/** What somebody begins an import with: the templates, and what is here already, each in both forms. */
export function ImportFiles() {
  const { t, i18n } = useTranslation()
  return (
    <Section title={t('imports.steps.title')} description={t('imports.steps.text')} flush>
      <ul className={styles.files}>
        {importKinds.map((kind) => {
          const name = t(`imports.kinds.${kind}`)
          const current = currentLists[kind]
          return (
            <li key={kind}>
              <div>
                <strong>{name}</strong>
                <p>{t(`imports.kind_help.${kind}`)}</p>
              </div>
              <dl>
                <div>
                  <dt>{t('imports.steps.template')}</dt>
                  <dd>
                    {fileFormats.map((format) => (
                      <a
                        key={format.ending}
                        href={templateUrl(kind, format.ending, i18n.language)}
                        download
                        aria-label={t('imports.steps.template_link', { kind: name, format: format.name })}
                      >
                        <IconDownload size={14} aria-hidden />
                        {format.name}
                      </a>
                    ))}
                  </dd>
                </div>
                {current && (
                  <div>
                    <dt>{t('imports.steps.current')}</dt>
                    <dd>
                      {fileFormats.map((format) => (
                        <a
                          key={format.ending}
                          href={`${current}.${format.ending}`}
                          download
                          aria-label={t('imports.steps.current_link', { kind: name, format: format.name })}
                        >
                          <IconDownload size={14} aria-hidden />
                          {format.name}
                        </a>
                      ))}
                    </dd>
                  </div>
                )}
              </dl>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
