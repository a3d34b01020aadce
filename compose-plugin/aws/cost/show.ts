/** Amounts below a dollar have four significant digits; larger ones have two decimals. */
export function dollars(amount: number): string {
  if (amount === 0) return '0.00';
  return amount >= 1 ? amount.toFixed(2) : amount.toPrecision(4).replace(/(\.\d\d+?)0+$/, '$1');
}

/** Bytes as `312 MB` or `1.2 GB`, in powers of 1024. */
export function megabytesOf(bytes: number): string {
  const megabytes = bytes / 2 ** 20;
  return megabytes >= 1024
    ? `${(megabytes / 1024).toFixed(1)} GB`
    : `${Math.max(1, Math.round(megabytes))} MB`;
}
