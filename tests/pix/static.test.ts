import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { staticPixDriver } from '../../server/drivers/pix/index.ts'
import { readPixKey } from '../../server/drivers/pix/keys.ts'
import type { ChargeRequest, ProviderContext } from '../../server/modules/payments/index.ts'
import { readBrCode, shortTxid, uuidOfShortTxid } from '../../server/platform/br-code.ts'

const settings = staticPixDriver.settings.parse({
  key: '+55 (11) 98765-4321',
  name: 'Pirilampo Telecomunicações do Brasil Ltda.',
  city: 'São José dos Campos',
})
const context = { settings, secrets: {} } as ProviderContext<typeof settings, Record<string, never>>

describe('a Pix key', () => {
  it.each([
    ['123.456.789-09', 'cpf', '12345678909'],
    ['12345678909', 'cpf', '12345678909'],
    ['12.345.678/0001-95', 'cnpj', '12345678000195'],
    ['12.ABC.345/01DE-35', 'cnpj', '12ABC34501DE35'],
    [' Pix@Pirilampo.Example ', 'email', 'pix@pirilampo.example'],
    ['+5511987654321', 'phone', '+5511987654321'],
    ['+55 (11) 3456-7890', 'phone', '+551134567890'],
    ['123E4567-E12B-12D1-A456-426655440000', 'evp', '123e4567-e12b-12d1-a456-426655440000'],
  ])('%s is of kind %s', (typed, kind, key) => {
    expect(readPixKey(typed)).toEqual({ kind, key })
    expect(readPixKey(key)).toEqual({ kind, key })
  })
  it.each([
    '',
    '123.456.789-00',
    '11111111111',
    '(11) 98765-4321',
    '+1 212 555 0100',
    '+5511',
    'a@',
    '@b.example',
    `${'a'.repeat(70)}@b.example`,
    '123e4567-e12b-12d1-a456',
    'https://pix.example.com',
  ])('%s is none', (typed) => {
    expect(readPixKey(typed)).toBeNull()
  })
})

describe('static Pix', () => {
  it('is a code of key, amount and a txid that leads back to the charge', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.integer({ min: 1, max: 99_999_999 }), async (key, amount) => {
        const made = await staticPixDriver.create(context, { key, amount } as ChargeRequest)
        if (made.action?.kind !== 'pix') throw new Error('no text')
        expect(readBrCode(made.action.text)).toMatchObject({
          key: '+5511987654321',
          amount,
          name: 'Pirilampo Telecomunicacoe',
          city: 'Sao Jose dos Ca',
          txid: made.ref,
        })
        expect(uuidOfShortTxid(made.ref!)).toBe(key)
      }),
    )
  })
  it('stays as it is until somebody says that it was paid', async () => {
    const key = randomUUID()
    const stands = await staticPixDriver.lookUp(context, { key, ref: null })
    expect(stands).toEqual({ state: 'action_needed', ref: shortTxid(key), received: [], reversed: [] })
    expect(await staticPixDriver.cancel!(context, { key, ref: null })).toMatchObject({ state: 'cancelled' })
    await staticPixDriver.test(context)
    expect(staticPixDriver.capabilities).toMatchObject({ by_files: true, webhook: false, refunds: 'none' })
  })
  it('keeps what it made of what was typed', () => {
    expect(staticPixDriver.settings.parse(settings)).toEqual(settings)
    expect(staticPixDriver.settings.safeParse({ ...settings, name: '漢字' }).success).toBe(false)
    expect(staticPixDriver.settings.safeParse({ ...settings, key: 'no key' }).success).toBe(false)
  })
})
