import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { defaultAccent } from './accent.ts'
import styles from './brand.module.css'

/** What the screens show of a business unit. */
export interface Brand {
  name: string
  /** #rrggbb; readable colours are derived from it. */
  accent: string
  logo_url?: string | null
  support_email?: string | null
  support_phone?: string | null
  website?: string | null
}

/** Before the API said whose house this is. */
export const neutralBrand: Brand = { name: 'Zaguan', accent: defaultAccent }

const BrandContext = createContext<Brand>(neutralBrand)

/** Whose house this is, for everything inside; the browser's title ends with its name. */
export function BrandProvider({ brand, children }: { brand: Brand; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.dataset.app = brand.name
  }, [brand.name])
  return <BrandContext value={brand}>{children}</BrandContext>
}

/** The business unit whose screens these are. */
export function useBrand(): Brand {
  return useContext(BrandContext)
}

/** The arch of Zaguan, in the accent. */
function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className={styles.mark}>
      <rect width="32" height="32" rx="8" />
      <path d="M8 25V15a8 8 0 0 1 16 0v10h-4.5V15a3.5 3.5 0 0 0-7 0v10z" />
    </svg>
  )
}

/** The unit's logo, which carries its name; or, where it has none, the mark with the name beside. */
export function Logo({ brand, bare, size = 28 }: { brand: Brand; bare?: boolean; size?: number }) {
  return (
    <span className={styles.logo}>
      {brand.logo_url ? (
        <img src={brand.logo_url} alt={brand.name} height={size} className={styles.image} />
      ) : (
        <Mark size={size} />
      )}
      {!bare && !brand.logo_url && <span className={styles.name}>{brand.name}</span>}
    </span>
  )
}
