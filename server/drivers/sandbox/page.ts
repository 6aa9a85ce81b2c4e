// The sandbox's pages, as HTML without a script: another company's page, so it wears nobody's look, and works in any browser.
import { encode } from 'uqr'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import { formatMoney } from '../../platform/money.ts'
import { type Language, languages, type Translate, translator } from '../../platform/translations.ts'
import { openDisputes, readLeft, type SandboxCharge, type SandboxMovement } from './book.ts'
import { listScenarios, type Scenario, type ScenarioGroup } from './scenarios.ts'

/** What a page shows: one charge, as it stands. */
export type SandboxPage = {
  charge: SandboxCharge
  movements: SandboxMovement[]
  language: Language
  now: Temporal.Instant
  nonce: string
}

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (one) => escapes[one]!)

const groups: readonly ScenarioGroup[] = ['well', 'refused', 'hard']
const ownNames: Record<Language, string> = { 'pt-BR': 'Português', es: 'Español', en: 'English' }

type Stage = 'choose' | 'second_step' | 'paid' | 'stored' | 'pending' | 'refused' | 'cancelled' | 'expired'

function stageOf({ charge, movements, now }: SandboxPage): Stage {
  switch (charge.state) {
    case 'paid': {
      if (charge.purpose === 'setup') return 'stored'
      const settled = movements.some(
        (one) => one.kind === 'payment' && Temporal.Instant.compare(one.settles_at, now) <= 0,
      )
      return settled ? 'paid' : 'pending'
    }
    case 'refused':
    case 'cancelled':
      return charge.state
    default: {
      const over = charge.expires_at !== null && Temporal.Instant.compare(charge.expires_at, now) <= 0
      if (over) return 'expired'
      return charge.state === 'open' ? 'choose' : 'second_step'
    }
  }
}

/** The page of a charge, in its stage: choosing, the second step, or what came of it. */
export function renderCharge(page: SandboxPage): string {
  const { charge, language } = page
  const t = translator(language)
  const amount = formatMoney(charge.amount, charge.currency, language)
  const stage = stageOf(page)
  const words = stage === 'choose' ? 'sandbox:title_pay' : 'sandbox:title_done'
  const title = charge.purpose === 'setup' ? t('sandbox:title_store') : t(words, { amount })
  const body =
    stage === 'choose'
      ? renderChoice(page, t, amount)
      : stage === 'second_step'
        ? renderSecondStep(page, t, amount)
        : renderOutcome(page, t, amount, stage)
  const about = charge.description === null ? '' : `<p class="about">${escapeHtml(charge.description)}</p>`
  return renderPage(page, stage === 'second_step' ? t('sandbox:step_title') : title, `${about}${body}`)
}

/** What somebody sees who comes with an address that is none. */
export function renderGone(language: Language, nonce: string): string {
  const t = translator(language)
  return renderPage({ language, nonce }, t('sandbox:title_gone'), `<p>${escapeHtml(t('sandbox:gone'))}</p>`)
}

const choices: Partial<Record<PaymentMethod, string>> = {
  card: 'sandbox:choose_card',
  bank_debit: 'sandbox:choose_bank',
  pix: 'sandbox:choose_pix',
}

function renderChoice({ charge, language }: SandboxPage, t: Translate, amount: string): string {
  const setup = charge.purpose === 'setup'
  const offered = listScenarios(charge.method, charge.store)
  const notes = [
    ...(charge.store && !setup ? [t('sandbox:kept')] : []),
    ...(charge.method === 'bank_debit' && !setup ? [t('sandbox:bank_wait')] : []),
  ]
  return `${charge.method === 'pix' ? renderPix(charge, t) : ''}
<form method="post" action="${actionOf(charge, language)}">
<fieldset><legend>${escapeHtml(t(choices[charge.method] ?? 'sandbox:choose_card'))}</legend>
${groups
  .map((group) => {
    const members = offered.filter((one) => one.group === group)
    if (members.length === 0) return ''
    return `<div class="group" role="group" aria-labelledby="g-${group}"><h2 id="g-${group}">${escapeHtml(t(`sandbox:group.${group}`))}</h2>
${members.map((one) => renderScenario(one, charge.method, t)).join('\n')}</div>`
  })
  .join('\n')}
</fieldset>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('')}
<div class="actions">
<button class="main" name="do" value="choose">${escapeHtml(setup ? t('sandbox:store') : t('sandbox:pay', { amount }))}</button>
<button name="do" value="cancel">${escapeHtml(t(setup ? 'sandbox:cancel_store' : 'sandbox:cancel'))}</button>
</div></form>`
}

function renderScenario(one: Scenario, method: PaymentMethod, t: Translate): string {
  const words = escapeHtml(t(`sandbox:scenario.${one.name}`))
  const shown =
    method === 'card'
      ? `<span class="card"><span class="brand">${escapeHtml(one.brand)}</span> <span aria-hidden="true">••••</span><span class="hidden">${escapeHtml(t('sandbox:ends', { digits: one.last_digits }))}</span><span aria-hidden="true"> ${one.last_digits}</span></span>`
      : ''
  return `<label class="choice"><input type="radio" name="scenario" value="${one.name}"${one.name === 'success' ? ' checked' : ''}><span class="words">${words}</span>${shown}</label>`
}

/** A picture and a text that look like Pix and are none: no bank reads them. */
function renderPix(charge: SandboxCharge, t: Translate): string {
  const text = `SANDBOX-PIX*${charge.ref}*${charge.amount}*${charge.currency}`
  const { data, size } = encode(text, { ecc: 'M', border: 2 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return `<div class="pix"><svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>
<div><h2>${escapeHtml(t('sandbox:pix_text'))}</h2><code>${escapeHtml(text)}</code></div></div>`
}

function renderSecondStep({ charge, language }: SandboxPage, t: Translate, amount: string): string {
  const words = charge.purpose === 'setup' ? t('sandbox:step_store') : t('sandbox:step', { amount })
  return `<p>${escapeHtml(words)}</p>
<form method="post" action="${actionOf(charge, language)}"><div class="actions">
<button class="main" name="do" value="approve">${escapeHtml(t('sandbox:approve'))}</button>
<button name="do" value="refuse">${escapeHtml(t('sandbox:refuse'))}</button>
</div></form>`
}

const signs: Record<string, string> = { paid: '✓', stored: '✓', pending: '…', refused: '✕' }

function renderOutcome(
  { charge, movements, language }: SandboxPage,
  t: Translate,
  amount: string,
  stage: Exclude<Stage, 'choose' | 'second_step'>,
): string {
  const reason = charge.failure === null ? '' : t(`sandbox:failure.${charge.failure}`)
  const money = (value: number) => escapeHtml(formatMoney(value, charge.currency, language))
  const left = readLeft(movements)
  const book =
    movements.length === 0
      ? ''
      : `<h2>${escapeHtml(t('sandbox:book'))}</h2><table><tbody>${movements
          .map((one) => {
            const sign = one.kind === 'payment' || one.kind === 'chargeback_won' ? 1 : -1
            return `<tr><th scope="row">${escapeHtml(t(`sandbox:movement.${one.kind}`))}</th><td>${money(sign * one.amount)}</td></tr>`
          })
          .join(
            '',
          )}</tbody><tfoot><tr><th scope="row">${escapeHtml(t('sandbox:left'))}</th><td>${money(left)}</td></tr></tfoot></table>`
  const win = openDisputes(movements).length > 0
  const dispute = stage === 'paid' && left > 0
  const control = (what: 'dispute' | 'win') =>
    `<p class="note">${escapeHtml(t(`sandbox:${what}_hint`))}</p><div class="actions"><button name="do" value="${what}">${escapeHtml(t(`sandbox:${what}`))}</button></div>`
  const after =
    win || dispute
      ? `<h2>${escapeHtml(t('sandbox:after'))}</h2><form method="post" action="${actionOf(charge, language)}">${dispute ? control('dispute') : ''}${win ? control('win') : ''}</form>`
      : ''
  return `<div class="outcome ${stage}"><span class="sign" aria-hidden="true">${signs[stage] ?? '–'}</span><div><strong>${escapeHtml(t(`sandbox:state.${stage}`))}</strong>
<p>${escapeHtml(t(`sandbox:said.${stage}`, { amount, reason }))}</p></div></div>
<p><a class="button main" href="${escapeHtml(charge.return_url)}">${escapeHtml(t('sandbox:back'))}</a></p>
${book}${after}`
}

const actionOf = (charge: SandboxCharge, language: Language) => `/sandbox/${charge.ref}?language=${language}`

function renderPage(page: { language: Language; nonce: string }, title: string, body: string): string {
  const t = translator(page.language)
  return `<!doctype html>
<html lang="${page.language}"><head><meta charset="utf-8"><title>${escapeHtml(title)} · ${escapeHtml(t('sandbox:provider'))}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><style nonce="${page.nonce}">${styles}</style></head>
<body><header><p><strong>${escapeHtml(t('sandbox:provider'))}</strong> <span>${escapeHtml(t('sandbox:strip'))}</span></p></header>
<main><h1>${escapeHtml(title)}</h1>
${body}</main>
<footer><nav aria-label="${escapeHtml(t('sandbox:languages'))}">${languages
    .map((one) =>
      one === page.language
        ? `<span aria-current="true" lang="${one}">${ownNames[one]}</span>`
        : `<a href="?language=${one}" lang="${one}" hreflang="${one}">${ownNames[one]}</a>`,
    )
    .join('')}</nav></footer></body></html>`
}

const styles = `
:root{color-scheme:light dark;--page:#f7f7f8;--surface:#fff;--hover:#f1f1f3;--border:#e4e4e8;--strong:#8e8e98;--text:#18181b;--muted:#55555f;--fill:#187a45;--fill-hover:#14663a;--on-fill:#fff;--strip:#fcf0d9;--strip-text:#854a04;--good:#e3f4ea;--good-text:#14663a;--bad:#fdebeb;--bad-text:#b0201f;--calm:#efeff2;--calm-text:#4b4b55;--link:#14663a}
@media (prefers-color-scheme:dark){:root{--page:#121316;--surface:#1b1c20;--hover:#26272c;--border:#2f3036;--strong:#73737d;--text:#ededf0;--muted:#b2b2bb;--strip:#3a2a10;--strip-text:#f0bd70;--good:#12301f;--good-text:#7fd6a4;--bad:#3b1a1b;--bad-text:#ff9b98;--calm:#2b2c31;--calm-text:#bdbdc6;--link:#7fd6a4}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 "Inter Variable",Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;min-height:100vh;display:flex;flex-direction:column;-webkit-text-size-adjust:100%}
header{background:var(--strip);color:var(--strip-text);font-size:14px;padding:8px 16px;text-align:center}
header p{margin:0}header strong{margin-right:8px}
main{width:100%;max-width:560px;margin:32px auto;padding:32px;background:var(--surface);border:1px solid var(--border);border-radius:12px;flex:none}
h1{font-size:28px;line-height:1.25;font-weight:600;margin:0 0 4px;font-variant-numeric:tabular-nums}
h2{font-size:14px;line-height:1.4;font-weight:600;margin:24px 0 8px;color:var(--muted)}
p{margin:0 0 16px}.about{color:var(--muted);margin-bottom:24px}.note{color:var(--muted);font-size:14px;margin:16px 0}
fieldset{border:0;margin:24px 0 0;padding:0;min-width:0}legend{font-size:18px;font-weight:600;padding:0}
.group h2{margin-top:16px}
.choice{display:flex;align-items:center;gap:12px;min-height:48px;padding:8px 12px;border:1px solid var(--border);margin-top:-1px;cursor:pointer}
.group .choice:first-of-type{border-radius:8px 8px 0 0}.group .choice:last-of-type{border-radius:0 0 8px 8px}.group .choice:only-of-type{border-radius:8px}
.choice:hover{background:var(--hover)}.choice:has(:checked){background:var(--good);color:var(--good-text)}.choice:has(:checked) .card{color:inherit}
.choice input{width:18px;height:18px;margin:0;flex:none;accent-color:var(--fill)}
.words{flex:1}.card{color:var(--muted);font-size:14px;white-space:nowrap;font-variant-numeric:tabular-nums}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.actions{display:flex;flex-wrap:wrap;gap:12px;margin-top:24px}
button,.button{display:inline-block;font:inherit;font-weight:600;min-height:44px;padding:9px 18px;border-radius:8px;border:1px solid var(--strong);background:transparent;color:var(--text);cursor:pointer;text-decoration:none}
button:hover,.button:hover{background:var(--hover)}
.main{background:var(--fill);border-color:var(--fill);color:var(--on-fill)}.main:hover{background:var(--fill-hover)}
a{color:var(--link)}:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.outcome{display:flex;gap:16px;align-items:flex-start;padding:16px;border-radius:8px;margin:0 0 24px;background:var(--calm);color:var(--calm-text)}
.outcome p{margin:0}.outcome.paid,.outcome.stored{background:var(--good);color:var(--good-text)}.outcome.refused{background:var(--bad);color:var(--bad-text)}
.sign{font-size:20px;line-height:1.2;font-weight:700}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:400}td{text-align:right;white-space:nowrap}
th,td{padding:8px 0;border-bottom:1px solid var(--border)}tfoot th,tfoot td{font-weight:600;border-bottom:0}
.pix{display:flex;gap:20px;align-items:center;padding:16px;border:1px solid var(--border);border-radius:8px}.pix svg{width:144px;height:144px;flex:none;border-radius:4px}.pix>div{min-width:0}.pix h2{margin-top:0}.pix code{font-size:13px;overflow-wrap:anywhere;color:var(--muted)}
footer{padding:0 16px 32px;text-align:center;font-size:14px;color:var(--muted)}footer nav{display:flex;justify-content:center;gap:20px}footer a{padding:4px 0}footer span{padding:4px 0}
@media (max-width:600px){main{margin:0;border:0;border-radius:0;padding:24px 16px;min-height:0}.actions>*{flex:1 1 100%;text-align:center}.pix{flex-direction:column;align-items:flex-start}.choice{flex-wrap:wrap;gap:4px 12px}.card{width:100%;padding-left:30px}header span{display:block}footer{padding-top:16px}body{background:var(--surface)}}
`
