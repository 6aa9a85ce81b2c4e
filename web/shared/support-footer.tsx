import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPhone from '@tabler/icons-react/dist/esm/icons/IconPhone.mjs'
import IconWorld from '@tabler/icons-react/dist/esm/icons/IconWorld.mjs'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Brand } from './brand.tsx'
import styles from './support-footer.module.css'

/** How to reach the business unit: at the foot of every page of the portal. */
export function SupportFooter({ brand, end }: { brand: Brand; end?: ReactNode }) {
  const { t } = useTranslation('common')
  const channels = [
    brand.support_email && {
      icon: IconMail,
      href: `mailto:${brand.support_email}`,
      text: brand.support_email,
    },
    brand.support_phone && {
      icon: IconPhone,
      href: `tel:${brand.support_phone.replace(/[^\d+]/g, '')}`,
      text: brand.support_phone,
    },
    brand.website && {
      icon: IconWorld,
      href: brand.website,
      text: brand.website.replace(/^https?:\/\//, '').replace(/\/$/, ''),
    },
  ].filter((one) => one !== null && one !== undefined && one !== '')
  return (
    <footer className={styles.footer}>
      <div className={styles.foot}>
        {channels.length > 0 && (
          <>
            <span>{t('support', { name: brand.name })}</span>
            <ul className={styles.channels}>
              {channels.map(({ icon: Icon, href, text }) => (
                <li key={href}>
                  <a href={href}>
                    <Icon size={16} aria-hidden />
                    {text}
                  </a>
                </li>
              ))}
            </ul>
          </>
        )}
        {end}
      </div>
    </footer>
  )
}
