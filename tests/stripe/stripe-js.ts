import type { BrowserContext } from 'playwright-core'

// Stripe.js as its published API describes it (https://docs.stripe.com/js), as far as the page uses it: a script and a frame of
// js.stripe.com, and a call of api.stripe.com that only the frame makes. The card decides: …0002 is declined, …3155 asks for a step.

const script = `
window.Stripe = (key, options) => {
  window.stripeKey = key
  const listeners = {}
  let frame
  const ask = (what) => new Promise((resolve) => {
    const id = Math.random()
    addEventListener('message', function done({ origin, data }) {
      if (origin !== 'https://js.stripe.com' || data.id !== id) return
      removeEventListener('message', done)
      resolve(data.answer)
    })
    frame.contentWindow.postMessage({ id, what }, 'https://js.stripe.com')
  })
  const status = async (secret) => (await (await fetch('https://api.stripe.com/v1/status?secret=' + secret)).json())
  const confirm = (name) => async ({ elements, redirect, confirmParams }) => {
    if (redirect !== 'if_required' || !confirmParams.return_url) throw new Error('not as documented')
    const answer = await ask('confirm')
    if (answer.error) return { error: answer.error }
    return { [name]: { status: answer.status } }
  }
  return {
    elements({ clientSecret, appearance }) {
      if (!clientSecret || !appearance.variables.colorPrimary) throw new Error('no look')
      return {
        update() {},
        create(type) {
          if (type !== 'payment') throw new Error(type)
          return {
            on(event, done) { listeners[event] = done },
            mount(element) {
              frame = document.createElement('iframe')
              const { colorText, colorBackground } = appearance.variables
              frame.src = 'https://js.stripe.com/elements-inner-payment.html?' + new URLSearchParams({ locale: options.locale, colorText, colorBackground })
              frame.title = 'Secure payment input frame'
              frame.style.width = '100%'
              frame.style.height = '216px'
              frame.style.border = '0'
              frame.onload = () => listeners.ready && listeners.ready({ elementType: 'payment' })
              element.append(frame)
            },
            destroy() { frame && frame.remove() },
          }
        },
      }
    },
    retrievePaymentIntent: async (secret) => ({ paymentIntent: await status(secret) }),
    retrieveSetupIntent: async (secret) => ({ setupIntent: await status(secret) }),
    handleNextAction: async () => ({ paymentIntent: await (await fetch('https://api.stripe.com/v1/act')).json() }),
    confirmPayment: confirm('paymentIntent'),
    confirmSetup: confirm('setupIntent'),
  }
}
window.Stripe.version = 'endive'
`

const frame = `<!doctype html><meta charset="utf-8">
<style>
  body { margin: 4px; font: 16px Inter, system-ui, sans-serif; color: #18181b }
  label { display: grid; gap: 4px; margin-bottom: 12px; font-size: 14px }
  input { font: inherit; font-size: 16px; padding: 11px 12px; border: 1px solid #8e8e98; border-radius: 8px; width: 100%; box-sizing: border-box; color: inherit; background: var(--back) }
  div { display: grid; grid-template-columns: 1fr 1fr; gap: 12px }
</style>
<label>Card number<input name="number" inputmode="numeric" placeholder="1234 1234 1234 1234"></label>
<div><label>Expiration date<input placeholder="MM / YY"></label><label>Security code<input placeholder="CVC"></label></div>
<script>
  const look = new URLSearchParams(location.search)
  document.body.style.color = look.get('colorText')
  document.body.style.setProperty('--back', look.get('colorBackground'))
  addEventListener('message', async ({ source, origin, data }) => {
    const number = document.querySelector('input').value
    const reply = await fetch('https://api.stripe.com/v1/confirm', { method: 'POST', body: number })
    source.postMessage({ id: data.id, answer: await reply.json() }, origin)
  })
</script>`

/** What was typed and sent to Stripe, and what the payment stands at there. */
export type StripeJs = { sent: string[]; status: string; acts: number }

/** Serves Stripe.js to a browser, which reaches nothing of Stripe. */
export async function serveStripeJs(context: BrowserContext): Promise<StripeJs> {
  const stripe: StripeJs = { sent: [], status: 'requires_payment_method', acts: 0 }
  const headers = { 'access-control-allow-origin': '*' }
  await context.route('https://js.stripe.com/**', (route) =>
    route.request().url().includes('.html')
      ? route.fulfill({ contentType: 'text/html', body: frame })
      : route.fulfill({ contentType: 'text/javascript', body: script, headers }),
  )
  await context.route('https://api.stripe.com/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    if (pathname === '/v1/confirm') {
      const number = route.request().postData() ?? ''
      stripe.sent.push(number)
      if (number.endsWith('0002'))
        return route.fulfill({
          headers,
          json: { error: { type: 'card_error', code: 'card_declined', message: 'Your card was declined.' } },
        })
      stripe.status = 'succeeded'
    }
    if (pathname === '/v1/act') {
      stripe.acts++
      stripe.status = 'succeeded'
    }
    return route.fulfill({ headers, json: { status: stripe.status } })
  })
  return stripe
}
