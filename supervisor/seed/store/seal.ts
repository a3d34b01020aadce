import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ControlError } from '../../control/control-error.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;

/**
 * Encrypts and authenticates JSON. `context` names the purpose and has to be the same for `unseal`. `key` has
 * 32 bytes.
 */
export function seal(key: Buffer, context: string, value: unknown): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/**
 * Decrypts a value that `seal` has made.
 * @throws ControlError EBADMSG if `seal` has not made the value with this key and context.
 */
export function unseal(key: Buffer, context: string, sealed: Uint8Array): unknown {
  try {
    const nonce = sealed.subarray(0, NONCE);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
    const body = Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]);
    const value: unknown = JSON.parse(body.toString());
    return value;
  } catch (cause) {
    throw new ControlError('EBADMSG', `${context}: not written by a seed of this project`, { cause });
  }
}
