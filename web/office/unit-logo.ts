import { api, orThrow } from '../shared/api.ts'
import type { BusinessUnit } from '../shared/api-types.gen.ts'

/** Sends the logo of a business unit; the answer is the unit with it. */
export function sendLogo(id: string, file: File): Promise<BusinessUnit> {
  const body = new FormData()
  body.append('file', file, file.name)
  return orThrow(
    api.PUT('/api/v1/office/business-units/{id}/logo', {
      params: { path: { id } },
      body: body as never,
      bodySerializer: (whole: unknown) => whole as never,
    }),
  )
}
