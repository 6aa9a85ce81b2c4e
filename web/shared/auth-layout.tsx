import type { ReactNode } from 'react'
import styles from './auth-layout.module.css'
import { type Brand, Logo } from './brand.tsx'
import { useDocumentTitle } from './page.tsx'
import { LanguageSwitch, ThemeSwitch } from './preferences.tsx'
import { SupportFooter } from './support-footer.tsx'

/**
 * Sign-in, first access, new password: the form at the left, the house at the right. `lead` is the one sentence over the
 * form; `slogan` stands on the brand's panel, on large screens only.
 */
export function AuthLayout({
  brand,
  title,
  lead,
  slogan,
  children,
}: {
  brand: Brand
  title: string
  lead?: ReactNode
  slogan: string
  children: ReactNode
}) {
  useDocumentTitle(title)
  return (
    <div className={styles.layout}>
      <div className={styles.side}>
        <header className={styles.head}>
          <Logo brand={brand} size={32} />
        </header>
        <main id="main" tabIndex={-1} className={styles.main}>
          <h1>{title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
          {children}
        </main>
        <div className={styles.foot}>
          <SupportFooter
            brand={brand}
            end={
              <div className={styles.switches}>
                <LanguageSwitch up />
                <ThemeSwitch up />
              </div>
            }
          />
        </div>
      </div>
      <div className={styles.panel} aria-hidden>
        <svg
          aria-hidden="true"
          className={styles.arches}
          viewBox="0 0 600 800"
          preserveAspectRatio="xMidYMin slice"
        >
          <path d="M40 800V420a260 260 0 0 1 520 0v380" />
          <path d="M110 800V430a190 190 0 0 1 380 0v370" />
          <path d="M180 800V440a120 120 0 0 1 240 0v360" />
          <path d="M240 800V450a60 60 0 0 1 120 0v350" />
        </svg>
        <p className={styles.slogan}>{slogan}</p>
      </div>
    </div>
  )
}
