import { describe, expect, it } from 'vitest'
import { Contract } from './contract.ts'

// Whether the server that stands in for banks would notice: what is wrong here is wrong by the Central Bank's document.
const contract = new Contract()
const txid = 'fc9a4366ff3d4964b5dbc6c91a8722d3'
const due = {
  calendario: { dataDeVencimento: '2026-05-25', validadeAposVencimento: 30 },
  devedor: { cpf: '12345678909', nome: 'Francisco da Silva' },
  valor: {
    original: '123.45',
    multa: { modalidade: 2, valorPerc: '15.00' },
    desconto: { modalidade: 2, descontoDataFixa: [{ data: '2026-05-20', valorPerc: '30.00' }] },
  },
  chave: '5f84a4c5-c5cb-4599-9f13-7eb4d419dacc',
}
const faultsOf = (method: string, path: string, body: unknown) =>
  contract
    .find(method, path)!
    .checkBody(body)
    .map(({ propriedade }) => propriedade)

describe('the document of the API Pix', () => {
  it('knows its operations, with what they need', () => {
    const put = contract.find('PUT', `/cobv/${txid}`)!
    expect(put.scopes).toEqual(['cobv.write'])
    expect(put.parameters).toEqual({ txid })
    expect(contract.find('GET', '/nothing')).toBeNull()
    expect(contract.find('POST', `/cobv/${txid}`)).toBeNull()
    expect(contract.find('PUT', '/cob/short')!.checkQuery(new URLSearchParams())).toMatchObject([
      { propriedade: 'txid' },
    ])
  })
  it('accepts what is right', () => {
    expect(faultsOf('PUT', `/cobv/${txid}`, due)).toEqual([])
    const now = { calendario: { expiracao: 3600 }, valor: { original: '37.00' }, chave: due.chave }
    expect(faultsOf('PUT', `/cob/${txid}`, now)).toEqual([])
    expect(faultsOf('PATCH', `/cob/${txid}`, { status: 'REMOVIDA_PELO_USUARIO_RECEBEDOR' })).toEqual([])
  })
  it.each([
    ['an amount with a comma', { ...due, valor: { original: '123,45' } }],
    ['an amount that is a number', { ...due, valor: { original: 123.45 } }],
    ['nobody who owes', { ...due, devedor: undefined }],
    ['a CPF with dots', { ...due, devedor: { cpf: '123.456.789-09', nome: 'F' } }],
    ['a field of another charge', { ...due, calendario: { ...due.calendario, expiracao: 60 } }],
    ['a slip in a name', { ...due, solicitacaoPagdor: 'x' }],
    [
      'a slip in a name further in',
      { ...due, valor: { ...due.valor, juro: { modalidade: 3, valorPerc: '1.00' } } },
    ],
    [
      'a fine of no kind',
      { ...due, valor: { original: '1.00', multa: { modalidade: 3, valorPerc: '1.00' } } },
    ],
    ['a day that there is not', { ...due, calendario: { dataDeVencimento: '2026-02-30' } }],
    ['a long text', { ...due, solicitacaoPagador: 'x'.repeat(141) }],
    ['no key', { ...due, chave: undefined }],
    ['nothing', undefined],
  ])('refuses %s', (_what, body) => {
    const sent = body === undefined ? body : JSON.parse(JSON.stringify(body))
    expect(faultsOf('PUT', `/cobv/${txid}`, sent)).not.toEqual([])
  })
  it('refuses a list without its dates, and parameters that it does not know', () => {
    const check = contract.find('GET', '/pix')!.checkQuery
    const names = (query: string) => check(new URLSearchParams(query)).map(({ propriedade }) => propriedade)
    expect(names('')).toEqual(['inicio', 'fim'])
    expect(
      names('inicio=2026-05-15T00:00:00Z&fim=2026-05-16T00:00:00Z&paginacao.itensPorPagina=1000'),
    ).toEqual([])
    expect(names('inicio=yesterday&fim=2026-05-16T00:00:00Z&page=1')).toEqual(['page', 'inicio'])
    expect(
      names('inicio=2026-05-15T00:00:00Z&fim=2026-05-16T00:00:00Z&paginacao.itensPorPagina=1001'),
    ).toHaveLength(1)
  })
  it('knows what an answer has to hold', () => {
    const check = contract.find('GET', `/cob/${txid}`)!.checkAnswer
    expect(check(418)).toBeNull()
    expect(check(200)!({ txid }).length).toBeGreaterThan(0)
    expect(
      check(404)!({ type: 'https://pix.bcb.gov.br/api/v2/error/NaoEncontrado', title: 'x', status: 404 }),
    ).toEqual([])
    expect(check(404)!({ title: 'x' }).length).toBeGreaterThan(0)
  })
})
