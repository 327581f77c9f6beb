const zeroDecimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
const threeDecimals = 'BHD IQD JOD KWD LYD OMR TND'
const fourDecimals = 'CLF UYW'
const twoDecimals =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC ' +
  'CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES ' +
  'KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR ' +
  'NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT ' +
  'TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'

/** Digits after the point by ISO 4217. */
const decimals: ReadonlyMap<string, number> = new Map(
  [zeroDecimals, '', twoDecimals, threeDecimals, fourDecimals].flatMap((codes, digits) =>
    codes.split(' ').map((code): [string, number] => [code, digits]),
  ),
)

/** Stands for every code that ISO 4217 does not have, so that a client's garbage makes one counter and not thousands. */
const noCurrency = 'XXX'
/** What Segment's spec takes when an event names none. */
const defaultCurrency = 'USD'
/** Ten billion of a currency with two decimals: what is above is a mistake, and sums stay exact integers. */
const largestMinorUnits = 1e12

export function readCurrency(value: unknown): string {
  if (value === undefined || value === null) return defaultCurrency
  const code = typeof value === 'string' ? value.trim().toUpperCase() : ''
  return decimals.has(code) ? code : noCurrency
}

/** An amount of money as a whole number of minor units; undefined when it is absent, negative, absurd or no number. */
export function toMinorUnits(value: unknown, currency: string): number | undefined {
  const amount = readNumber(value)
  if (amount === undefined || amount < 0) return undefined
  // The sixth decimal takes away what binary fractions add, so 1.005 * 100 is 100.5 and not 100.49999999999999.
  const minor = Math.round(Number((amount * 10 ** (decimals.get(currency) ?? 2)).toFixed(6)))
  return minor <= largestMinorUnits ? minor : undefined
}

/** A finite number, or text that is one (several Segment libraries send prices as text). */
export function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}
