import { neutralBrand, useBrand } from '../shared/brand.tsx'

/** The name of the business unit, or nothing where only Zaguan itself could be named. */
export function useUnitName(): string | null {
  const brand = useBrand()
  return brand === neutralBrand ? null : brand.name
}
