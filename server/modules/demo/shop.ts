// How the business units are paid, and what their customers can buy by themselves.
import type { Tx } from '../../platform/database.ts'
import { demand } from '../../platform/jobs.ts'
import { createPlan, createProduct } from '../catalogue/index.ts'
import { setPlanPolicy } from '../changes/index.ts'
import type { Founded } from './founding.ts'
import { demoUnits, type UnitSlug } from './operator.ts'

type Shop = {
  /** What the sandbox is called by customers. */
  sandbox: string
  product: string
  description: string
  /** Packs of support credits, with their prices in minor units. */
  packs: { name: string; description: string; credits: number; amount: number }[]
}

const shops: Record<UnitSlug, Shop> = {
  pirilampo: {
    sandbox: 'Banco de testes',
    product: 'Créditos de suporte',
    description: 'Para o que não é a conexão: cada atendimento combinado gasta créditos.',
    packs: [
      { name: '50 créditos', description: 'Para um ou dois atendimentos.', credits: 50, amount: 4990 },
      { name: '100 créditos', description: 'Para a casa toda.', credits: 100, amount: 8990 },
      { name: '200 créditos', description: 'Para escritórios e lojas.', credits: 200, amount: 15990 },
    ],
  },
  jacaranda: {
    sandbox: 'Banco de pruebas',
    product: 'Créditos de soporte',
    description: 'Cambios y consultas sobre su sitio: cada trabajo acordado usa créditos.',
    packs: [
      { name: '50 créditos', description: 'Para un cambio puntual.', credits: 50, amount: 2500000 },
      { name: '100 créditos', description: 'Para un mes de ajustes.', credits: 100, amount: 4500000 },
      { name: '200 créditos', description: 'Para agencias.', credits: 200, amount: 8000000 },
    ],
  },
  tallybird: {
    sandbox: 'Test Bank',
    product: 'Support credits',
    description: 'Work that goes beyond a question: each job that you agree to uses credits.',
    packs: [
      { name: '50 credits', description: 'For a small change.', credits: 50, amount: 4500 },
      { name: '100 credits', description: 'For a migration.', credits: 100, amount: 8500 },
      { name: '200 credits', description: 'For a rollout.', credits: 200, amount: 15500 },
    ],
  },
}

/** Lets every business unit be paid by the sandbox, the Brazilian one by Pix as well, and sells packs of support credits. */
export async function openShops(tx: Tx, founded: Founded, now: Temporal.Instant): Promise<void> {
  for (const { slug, currency, products } of demoUnits) {
    const { id } = founded.units.get(slug)!
    const shop = shops[slug]
    await tx
      .insertInto('payment_providers')
      .values([
        {
          business_unit_id: id,
          driver: 'sandbox',
          name: shop.sandbox,
          methods: currency === 'BRL' ? ['card', 'pix'] : ['card'],
          enabled: true,
        },
        ...(currency === 'BRL'
          ? [
              {
                business_unit_id: id,
                driver: 'pix_static' as const,
                name: 'Pix (chave)',
                methods: ['pix' as const],
                settings: JSON.stringify({
                  key: '41728305000100',
                  name: 'Pirilampo Telecom',
                  city: 'SAO PAULO',
                }),
                position: 1,
                enabled: true,
              },
            ]
          : []),
      ])
      .execute()
    const product = demand(
      await createProduct(tx, {
        business_unit_id: id,
        name: shop.product,
        description: shop.description,
        position: products.length,
      }),
    )
    for (const [position, { name, description, credits, amount }] of shop.packs.entries()) {
      const plan = demand(
        await createPlan(
          tx,
          {
            business_unit_id: id,
            product_id: product.id,
            name,
            kind: 'support_pack',
            description,
            position,
            prices: [{ currency, amount, cycle_unit: 'once', cycle_count: 1 }],
          },
          now,
        ),
      )
      demand(await setPlanPolicy(tx, plan.id, { support_credits: credits, customer_orders: true }))
    }
  }
}
