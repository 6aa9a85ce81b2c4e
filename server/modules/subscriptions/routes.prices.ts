import { isRefusal, refuseField } from '../../platform/errors.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { readTerms } from '../catalogue/index.ts'
import { largestAmount } from './amounts.ts'
import { listOlderPrices } from './older-prices.ts'
import { explainQuantity } from './price-parts.ts'
import { priceQuantity } from './pricing.ts'
import { calculationInput, calculationSchema, olderPricesQuery, olderPricesSchema } from './schemas.prices.ts'

const tag = 'Catalogue'

export function registerPricesOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/prices/calculate',
      operation: 'calculate_price',
      summary: 'Calculate what quantities cost at a price, and how that comes about',
      description: 'Nothing is written: the price does not have to be one of the catalogue',
      tag,
      permission: 'catalogue.read',
      body: calculationInput,
      response: calculationSchema,
    },
    async (_tx, { body: { quantities, ...input } }) => {
      const terms = readTerms(input, '')
      if (isRefusal(terms)) return terms
      const price = { ...terms, model: terms.price_model, unit_amount: terms.amount }
      const beyond = quantities.findIndex(
        (quantity) => priceQuantity(price, quantity) > BigInt(largestAmount),
      )
      if (beyond !== -1) return refuseField(`quantities.${beyond}`, 'amount_too_large')
      return {
        items: quantities.map((quantity) => ({
          quantity,
          amount: Number(priceQuantity(price, quantity)),
          parts: explainQuantity(price, quantity),
        })),
      }
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/plans/{id}/older-prices',
      operation: 'list_older_prices',
      summary: 'List what of a plan is charged at another price than the one that is sold now',
      tag,
      permission: 'subscriptions.read',
      params: idParams,
      query: olderPricesQuery,
      response: olderPricesSchema,
    },
    (tx, { params, query }, _actor, { now }) => listOlderPrices(tx, params.id, query, now),
  )
}
