// Boletos and direct debit by files of Brazilian banks (FEBRABAN, CNAB 240).

export { boletoDriver } from './boletos.ts'
export { debitFileDriver, febrabanFormats } from './debits.ts'
