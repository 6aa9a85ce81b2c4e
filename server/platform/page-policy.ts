// What the forms of payment providers load, and where they send what is typed: Stripe.js with its Elements, and the card fields
// of Mercado Pago, which load their scripts and call their API themselves. Each field is a frame of the provider's own: nothing
// that is typed there can be read by our page, nor passes through this server.
const payHosts = {
  script: [
    'https://js.stripe.com',
    'https://*.js.stripe.com',
    'https://sdk.mercadopago.com',
    'https://http2.mlstatic.com',
  ],
  image: ['https://*.stripe.com', 'https://http2.mlstatic.com'],
  connect: [
    'https://api.stripe.com',
    'https://api.mercadopago.com',
    'https://api-static.mercadopago.com',
    'https://secure-fields.mercadopago.com',
    'https://events.mercadopago.com',
    'https://http2.mlstatic.com',
  ],
  frame: [
    'https://js.stripe.com',
    'https://*.js.stripe.com',
    'https://hooks.stripe.com',
    'https://secure-fields.mercadopago.com',
    'https://api-static.mercadopago.com',
  ],
}

/** The page of one payment, `/pay/…`. It is loaded as a document of its own: a document keeps the policy that it came with. */
function isPayPage(url: string): boolean {
  return /^\/pay\/[^/?#]+\/?(?:[?#]|$)/.test(url)
}

/**
 * The security headers of a page: it loads nothing but what this server sent, and styles that carry the page's nonce. Only the
 * page of a payment (`url` of the portal; null: a page of the office) may show the forms of payment providers as well, and let
 * the browser's own wallet answer them.
 */
export function pageHeaders(nonce: string, url: string | null): Record<string, string> {
  const pays = url !== null && isPayPage(url)
  const and = (hosts: readonly string[]) => (pays ? ` ${hosts.join(' ')}` : '')
  const policy = [
    "default-src 'none'",
    `script-src 'self'${and(payHosts.script)}`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data: blob:${and(payHosts.image)}`,
    "font-src 'self'",
    `connect-src 'self'${and(payHosts.connect)}`,
    `frame-src 'self'${and(payHosts.frame)}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    ...(pays
      ? {
          'permissions-policy':
            'camera=(), microphone=(), geolocation=(), payment=(self "https://js.stripe.com" "https://hooks.stripe.com")',
          // A wallet may open a window of its own.
          'cross-origin-opener-policy': 'same-origin-allow-popups',
        }
      : {}),
  }
}
