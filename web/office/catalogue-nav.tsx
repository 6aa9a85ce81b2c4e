import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './catalogue.module.css'

/** Plans, products, routing points: the pages of the catalogue. */
export function CatalogueNav() {
  const { t } = useTranslation()
  return (
    <nav className={styles.tabs} aria-label={t('shell.catalogue')}>
      <Link to="/catalogue" activeOptions={{ exact: true, includeSearch: false }}>
        {t('catalogue.plans')}
      </Link>
      <Link to="/catalogue/products" activeOptions={{ includeSearch: false }}>
        {t('catalogue.products')}
      </Link>
      <Link to="/catalogue/coupons" activeOptions={{ includeSearch: false }}>
        {t('catalogue.coupons')}
      </Link>
      <Link to="/catalogue/routing-points" activeOptions={{ includeSearch: false }}>
        {t('catalogue.routing_points')}
      </Link>
    </nav>
  )
}
