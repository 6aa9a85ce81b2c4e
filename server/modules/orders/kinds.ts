import { refuseField } from '../../platform/errors.ts'
import type { OrderKind } from '../../platform/order-kinds.ts'

let kinds: ReadonlyMap<string, OrderKind> = new Map()

/** Says what can be ordered. Called by app.ts, which lists the kinds of all modules. */
export function offerOrderKinds(all: readonly OrderKind[]): void {
  kinds = new Map(all.map((kind) => [kind.kind, kind]))
}

export const listOrderKinds = (): string[] => [...kinds.keys()]

/** A kind of order. @throws where no module declares it. */
export function orderKindOf(kind: string): OrderKind {
  const found = kinds.get(kind)
  if (!found) throw new Error(`nobody declares orders of ${kind}`)
  return found
}

/** The kind of a request. Refuses: invalid_input. */
export function kindOfRequest(request: unknown) {
  const kind = (request as { kind?: unknown } | null)?.kind
  return kinds.get(String(kind)) ?? refuseField('request.kind', 'not_a_choice')
}
