/** A key pair of our own: EC P-256. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'

export const generateKey = (): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
