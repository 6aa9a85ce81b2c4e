import { describe, expect, it } from 'vitest'
import { pageHeaders } from './page-policy.ts'

const strict =
  "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-n'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

describe('the policy of a page', () => {
  it.each([
    '/',
    '/pay',
    '/pay?invoices=1',
    '/pay/',
    '/payments',
    '/payment-methods/new',
    '/pay/a/b',
    '/pay-x/1',
    '/invoices?next=/pay/1',
    '/sign-in#/pay/1',
    null,
  ])('of %s lets in nothing from elsewhere', (url) => {
    expect(pageHeaders('n', url)).toEqual({ 'content-security-policy': strict })
  })

  it.each([
    '/pay/0197a000-0000-7000-8000-000000000001',
    '/pay/1?unit=fibra',
    '/pay/1/',
    '/pay/1?redirect_status=succeeded&payment_intent=pi_1',
  ])("of %s lets in the providers' forms, and still no inline script or style", (url) => {
    const headers = pageHeaders('n', url)
    const policy = new Map(
      headers['content-security-policy']!.split('; ').map((line) => {
        const [name, ...sources] = line.split(' ')
        return [name!, sources]
      }),
    )
    expect(policy.get('script-src')).toEqual(
      expect.arrayContaining(["'self'", 'https://js.stripe.com', 'https://sdk.mercadopago.com']),
    )
    expect(policy.get('frame-src')).toEqual(
      expect.arrayContaining([
        'https://js.stripe.com',
        'https://hooks.stripe.com',
        'https://secure-fields.mercadopago.com',
      ]),
    )
    expect(policy.get('connect-src')).toEqual(
      expect.arrayContaining(["'self'", 'https://api.stripe.com', 'https://api.mercadopago.com']),
    )
    expect(policy.get('style-src')).toEqual(["'self'", "'nonce-n'"])
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https:(?!\/\/)|\s\*/)
    expect(policy.get('form-action')).toEqual(["'self'"])
    expect(policy.get('frame-ancestors')).toEqual(["'none'"])
    expect(headers['permissions-policy']).toContain('payment=(self')
  })
})
