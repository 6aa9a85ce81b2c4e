// Pix in two ways: by the Central Bank's API with a bank behind it, and by a code alone.

export { pixDriver } from './driver.ts'
export { staticPixDriver } from './static-driver.ts'
