import type { BrowserContext } from 'playwright-core'

// Mercado Pago's script as its published API describes it (github.com/mercadopago/sdk-js: docs/fields.md, docs/core-methods.md),
// as far as the page uses it: fields in frames of secure-fields.mercadopago.com that give a token.

const script = `
window.MercadoPago = class {
  constructor(key, options) {
    const frames = {}
    this.getIdentificationTypes = async () =>
      (await fetch('https://api.mercadopago.com/v1/identification_types?public_key=' + key)).json()
    this.fields = {
      create(name, { placeholder }) {
        const listeners = {}
        const field = {
          on(event, done) { listeners[event] = done; return field },
          mount(id) {
            const frame = document.createElement('iframe')
            frame.name = name
            frame.title = name
            frame.src = 'https://secure-fields.mercadopago.com/?placeholder=' + encodeURIComponent(placeholder)
            frame.onload = () => listeners.ready && listeners.ready({ field: name })
            document.getElementById(id).append(frame)
            frames[name] = frame
            return field
          },
          unmount() { frames[name] && frames[name].remove() },
        }
        return field
      },
      createCardToken: (holder) => new Promise((resolve, reject) => {
        addEventListener('message', function done({ origin, data }) {
          if (origin !== 'https://secure-fields.mercadopago.com') return
          removeEventListener('message', done)
          data.id ? resolve(data) : reject(data)
        })
        frames.cardNumber.contentWindow.postMessage(holder, 'https://secure-fields.mercadopago.com')
      }),
    }
  }
}
`

const frame = `<!doctype html><meta charset="utf-8">
<style>html, body { margin: 0; height: 100% } input { width: 100%; height: 100%; border: 0; outline: 0; background: none; font: 16px system-ui, sans-serif; box-sizing: border-box }</style>
<input inputmode="numeric">
<script>
  document.querySelector('input').placeholder = new URLSearchParams(location.search).get('placeholder')
  addEventListener('message', async ({ source, origin, data }) => {
    const body = JSON.stringify({ ...data, number: document.querySelector('input').value })
    const reply = await fetch('https://api.mercadopago.com/v1/card_tokens', { method: 'POST', body })
    source.postMessage(await reply.json(), origin)
  })
</script>`

export const cardToken = '9b2d63e00d66a8c721607214ceda233a'

/** What was typed and sent to Mercado Pago. */
export type MercadoPagoJs = {
  sent: { number: string; cardholderName: string; identificationNumber?: string }[]
}

/** Serves its script to a browser, which reaches nothing of Mercado Pago. A number that ends in 0000 is not taken. */
export async function serveMercadoPagoJs(context: BrowserContext): Promise<MercadoPagoJs> {
  const mercadoPago: MercadoPagoJs = { sent: [] }
  const headers = { 'access-control-allow-origin': '*' }
  await context.route('https://sdk.mercadopago.com/**', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: script }),
  )
  await context.route('https://secure-fields.mercadopago.com/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: frame }),
  )
  await context.route('https://api.mercadopago.com/**', (route) => {
    if (route.request().url().includes('identification_types'))
      return route.fulfill({
        headers,
        json: [
          { id: 'CPF', name: 'CPF' },
          { id: 'CNPJ', name: 'CNPJ' },
        ],
      })
    const asked = route.request().postDataJSON() as MercadoPagoJs['sent'][number]
    mercadoPago.sent.push(asked)
    return asked.number.endsWith('0000')
      ? route.fulfill({ headers, json: { cause: [{ code: '205' }] } })
      : route.fulfill({ headers, json: { id: cardToken } })
  })
  return mercadoPago
}
