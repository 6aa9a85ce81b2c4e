const codes =
  'AR BO BR CA CL CO CR CU DO EC ES GT HN MX NI PA PE PR PT PY SV US UY VE AD AE AF AG AI AL AM AO AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BS BT BW BY BZ CD CF CG CH CI CM CN CV CY CZ DE DJ DK DM DZ EE EG ER ET FI FJ FR GA GB GD GE GF GG GH GI GL GM GN GQ GR GW GY HK HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MT MU MV MW MY MZ NA NE NG NL NO NP NR NZ OM PF PG PH PK PL PS PW QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SY SZ TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG UZ VA VC VN VU WS XK YE ZA ZM ZW'

/** Every country by its ISO 3166 code, under its name in a language, in that language's order. */
export function listCountries(language: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(language, { type: 'region' })
  return codes
    .split(' ')
    .map((value) => ({ value, label: names.of(value) ?? value }))
    .sort((a, b) => a.label.localeCompare(b.label, language))
}

/** The name of a country in a language: ('BR', 'es') is 'Brasil'. */
export function nameOfCountry(code: string, language: string): string {
  return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code
}
