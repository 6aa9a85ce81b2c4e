// Statements written after the published schemas: OFX 1.0.2 and 2.x, FEBRABAN's CNAB 240 for statements (segment E), camt.053.

export const bytesOf = async function* (text: string | Buffer, size = 1000): AsyncGenerator<Buffer> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export type OfxEntry = {
  type?: string
  day: string
  amount: string
  id: string
  name?: string
  memo?: string
  check?: string
}

const ofxBody = (
  entries: OfxEntry[],
  close: (name: string) => string,
  account: string,
  balance: string,
) => `<OFX>
<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0${close('CODE')}<SEVERITY>INFO${close('SEVERITY')}</STATUS><DTSERVER>20260521000000[-3:BRT]${close('DTSERVER')}<LANGUAGE>POR${close('LANGUAGE')}</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1001${close('TRNUID')}<STATUS><CODE>0${close('CODE')}<SEVERITY>INFO${close('SEVERITY')}</STATUS>
<STMTRS>
<CURDEF>BRL${close('CURDEF')}
<BANKACCTFROM><BANKID>0341${close('BANKID')}<BRANCHID>1234${close('BRANCHID')}<ACCTID>${account}${close('ACCTID')}<ACCTTYPE>CHECKING${close('ACCTTYPE')}</BANKACCTFROM>
<BANKTRANLIST>
<DTSTART>20260501100000[-03:EST]${close('DTSTART')}
<DTEND>20260531100000[-03:EST]${close('DTEND')}
${entries
  .map(
    (one) => `<STMTTRN>
<TRNTYPE>${one.type ?? (one.amount.startsWith('-') ? 'DEBIT' : 'CREDIT')}${close('TRNTYPE')}
<DTPOSTED>${one.day.replaceAll('-', '')}100000[-03:EST]${close('DTPOSTED')}
<TRNAMT>${one.amount}${close('TRNAMT')}
<FITID>${one.id}${close('FITID')}
${one.check ? `<CHECKNUM>${one.check}${close('CHECKNUM')}\n` : ''}${one.name ? `<NAME>${one.name}${close('NAME')}\n` : ''}${one.memo ? `<MEMO>${one.memo}${close('MEMO')}\n` : ''}</STMTTRN>`,
  )
  .join('\n')}
</BANKTRANLIST>
<LEDGERBAL><BALAMT>${balance}${close('BALAMT')}<DTASOF>20260531100000[-03:EST]${close('DTASOF')}</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1>
</OFX>
`

/** OFX 1.x: fields are not closed, and the header says another charset than the bytes have. */
export function writeOfx(entries: OfxEntry[], options: { account?: string; balance?: string } = {}): string {
  return `OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

${ofxBody(entries, () => '', options.account ?? '56789-0', options.balance ?? '1000.00')}`
}

/** OFX 2.x: XML. */
export function writeOfx2(entries: OfxEntry[], options: { account?: string; balance?: string } = {}): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
${ofxBody(entries, (name) => `</${name}>`, options.account ?? '56789-0', options.balance ?? '1000.00')}`
}

export type CnabEntry = { day: string; amount: number; history: string; document?: string; category?: string }

const left = (text: string, width: number) => text.slice(0, width).padEnd(width)
const zeros = (value: number | bigint | string, width: number) =>
  String(value).padStart(width, '0').slice(-width)
const ddmmyyyy = (day: string) => `${day.slice(8, 10)}${day.slice(5, 7)}${day.slice(0, 4)}`

/** A CNAB 240 statement of one lot, with its totals. Amounts are cents; negative ones are debits. */
export function writeCnab(
  entries: CnabEntry[],
  options: { opening?: number; account?: string; digit?: string } = {},
): string {
  const opening = options.opening ?? 100_000
  const holder = `2${zeros('12345678000195', 14)}${left('CONVENIO', 20)}${zeros(1234, 5)}0${zeros(options.account ?? '56789', 12)}${options.digit ?? '0'} ${left('ZAGUAN TELECOM', 30)}`
  const closing = entries.reduce((total, one) => total + one.amount, opening)
  const debits = entries.filter((one) => one.amount < 0).reduce((total, one) => total - one.amount, 0)
  const credits = entries.filter((one) => one.amount > 0).reduce((total, one) => total + one.amount, 0)
  const balance = (amount: number) => `${zeros(Math.abs(amount), 18)}${amount < 0 ? 'D' : 'C'}`
  const records = [
    `34100000${' '.repeat(9)}${holder}${left('BANCO', 30)}${' '.repeat(10)}2${ddmmyyyy('2026-05-21')}120000000001089${'00000'}`,
    `34100011E0440033 ${holder}${' '.repeat(40)}${ddmmyyyy('2026-05-01')}${balance(opening)}FBRL00001`,
    ...entries.map(
      (one, index) =>
        `34100013${zeros(index + 1, 5)}E   ${holder}${' '.repeat(6)}DPV00${' '.repeat(20)}S${ddmmyyyy(one.day)}${ddmmyyyy(one.day)}${zeros(Math.abs(one.amount), 18)}${one.amount < 0 ? 'D' : 'C'}${one.category ?? '209'}${'0123'}${left(one.history, 25)}${left(one.document ?? '', 39)}`,
    ),
    `34100015${' '.repeat(9)}${holder.slice(0, 55)}${' '.repeat(16)}${zeros(0, 18)}${zeros(0, 18)}${zeros(0, 18)}${ddmmyyyy('2026-05-31')}${balance(closing)}F${zeros(entries.length + 2, 6)}${zeros(debits, 18)}${zeros(credits, 18)}`,
    `34199999${' '.repeat(9)}${zeros(1, 6)}${zeros(entries.length + 4, 6)}${zeros(1, 6)}`,
  ]
  return `${records.map((record) => left(record, 240)).join('\r\n')}\r\n`
}

export type CamtEntry = {
  day: string
  amount: string
  debit?: boolean
  ref?: string
  status?: string
  reversal?: boolean
  details?: {
    amount?: string
    end_to_end?: string
    debtor?: string
    iban?: string
    tax_id?: string
    text?: string
    reference?: string
  }[]
  info?: string
}

/** camt.053 in the form of a version: from 8 on a party is a choice and a status a code. */
export function writeCamt(
  entries: CamtEntry[],
  options: {
    version?: string
    currency?: string
    iban?: string
    opening?: string
    closing?: string
    head?: string
  } = {},
): string {
  const version = options.version ?? '02'
  const currency = options.currency ?? 'EUR'
  const later = Number(version) >= 8
  const party = (inner: string) => (later ? `<Pty>${inner}</Pty>` : inner)
  const entry = (one: CamtEntry) => `<Ntry>
  <Amt Ccy="${currency}">${one.amount}</Amt><CdtDbtInd>${one.debit ? 'DBIT' : 'CRDT'}</CdtDbtInd>${one.reversal ? '<RvslInd>true</RvslInd>' : ''}
  <Sts>${later ? `<Cd>${one.status ?? 'BOOK'}</Cd>` : (one.status ?? 'BOOK')}</Sts>
  <BookgDt><Dt>${one.day}</Dt></BookgDt><ValDt><Dt>${one.day}</Dt></ValDt>
  ${one.ref ? `<AcctSvcrRef>${one.ref}</AcctSvcrRef>` : ''}
  <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
  ${
    one.details
      ? `<NtryDtls>${one.details.length > 1 ? `<Btch><NbOfTxs>${one.details.length}</NbOfTxs></Btch>` : ''}${one.details
          .map(
            (
              detail,
            ) => `<TxDtls><Refs>${detail.end_to_end ? `<EndToEndId>${detail.end_to_end}</EndToEndId>` : ''}</Refs>
    ${detail.amount ? (Number(version) >= 3 ? `<Amt Ccy="${currency}">${detail.amount}</Amt><CdtDbtInd>${one.debit ? 'DBIT' : 'CRDT'}</CdtDbtInd>` : `<AmtDtls><TxAmt><Amt Ccy="${currency}">${detail.amount}</Amt></TxAmt></AmtDtls>`) : ''}
    <RltdPties>${detail.debtor ? `<Dbtr>${party(`<Nm>${detail.debtor}</Nm>${detail.tax_id ? `<Id><OrgId><Othr><Id>${detail.tax_id}</Id></Othr></OrgId></Id>` : ''}`)}</Dbtr>` : ''}${detail.iban ? `<DbtrAcct><Id><IBAN>${detail.iban}</IBAN></Id></DbtrAcct>` : ''}</RltdPties>
    <RmtInf>${detail.text ? `<Ustrd>${detail.text}</Ustrd>` : ''}${detail.reference ? `<Strd><CdtrRefInf><Ref>${detail.reference}</Ref></CdtrRefInf></Strd>` : ''}</RmtInf></TxDtls>`,
          )
          .join('')}</NtryDtls>`
      : ''
  }
  ${one.info ? `<AddtlNtryInf>${one.info}</AddtlNtryInf>` : ''}
</Ntry>`
  const balance = (code: string, amount: string) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="${currency}">${amount.replace('-', '')}</Amt><CdtDbtInd>${amount.startsWith('-') ? 'DBIT' : 'CRDT'}</CdtDbtInd><Dt><Dt>2026-05-31</Dt></Dt></Bal>`
  return `<?xml version="1.0" encoding="UTF-8"?>
${options.head ?? ''}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-05-31T10:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><CreDtTm>2026-05-31T10:00:00</CreDtTm><FrToDt><FrDtTm>2026-05-01T00:00:00</FrDtTm><ToDtTm>2026-05-31T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>${options.iban ?? 'DE89370400440532013000'}</IBAN></Id><Ccy>${currency}</Ccy></Acct>
${options.opening ? balance('OPBD', options.opening) : ''}${options.closing ? balance('CLBD', options.closing) : ''}
${entries.map(entry).join('\n')}
</Stmt></BkToCstmrStmt></Document>
`
}
