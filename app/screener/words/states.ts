/** Words that name a state of the market, each with the filter that is meant: told to whoever wrote them, as others mean something else. */
import type { Found } from './found.ts';
import { longest, type Rule, table } from './phrases.ts';

/** A state: its filter, and whether the number in it is a matter of taste that is worth telling. */
const say = (formula: string, note?: string): Found => ({ kind: 'filter', formula, ...(note === undefined ? {} : { note }) });
const taste = (word: string, formula: string): Found => say(formula, `"${word}" is taken as ${formula}`);

const MOMENTUM: Rule<Found> = table<Found>([
  ['extremely oversold|very oversold|deeply oversold|heavily oversold', taste('extremely oversold', 'rsi(14) < 20')], ['oversold', taste('oversold', 'rsi(14) < 30')],
  ['extremely overbought|very overbought|heavily overbought', taste('extremely overbought', 'rsi(14) > 80')], ['overbought', taste('overbought', 'rsi(14) > 70')],
  ['uptrend|up trend|trending up|upward trend|trending higher|rising trend|in uptrend|in an uptrend|bullish trend', taste('uptrend', 'close > sma(50) and sma(50) > sma(200)')],
  ['downtrend|down trend|trending down|downward trend|trending lower|falling trend|in downtrend|in a downtrend|bearish trend', taste('downtrend', 'close < sma(50) and sma(50) < sma(200)')],
  ['strong trend|strongly trending|trending|trending strongly|in a strong trend', taste('strong trend', 'adx(14) > 25')], ['sideways|range bound|no trend|weak trend|trendless|consolidating|moving sideways|going sideways|without trend|without a trend', taste('sideways', 'adx(14) < 20')],
  ['breaking out|breakout|breakouts|broke out|break out', taste('breakout', 'close > highest(high, 20)[1]')], ['breaking down|breakdown|breakdowns|broke down|break down', taste('breakdown', 'close < lowest(low, 20)[1]')],
]);

const BANDS: Rule<Found> = table<Found>([
  ['bollinger band breakout|bollinger breakout|breakout above bollinger band|breaking out of bollinger bands', taste('bollinger breakout', 'close > bbands(20, 2).upper')],
  ['touching lower bollinger band|at lower bollinger band|touches lower bollinger band|price touching lower bollinger band', taste('touching', 'low <= bbands(20, 2).lower')], ['touching upper bollinger band|at upper bollinger band|touches upper bollinger band|price touching upper bollinger band', taste('touching', 'high >= bbands(20, 2).upper')],
]);

const ACTIVITY: Rule<Found> = table<Found>([
  ['unusual volume|unusually high volume|high volume|heavy volume|elevated volume|big volume|strong volume|large volume|above normal volume|unusual trading volume|heavy trading|high relative volume|unusually heavy volume|above average volume|increased volume|volume above normal', taste('unusual volume', 'rvol(20) > 2')],
  ['volume spike|volume surge|volume explosion|huge volume|massive volume|extreme volume|surging volume|volume spikes|exploding volume', taste('volume spike', 'rvol(20) > 3')],
  ['low volume|light volume|thin volume|weak volume|below average volume|quiet volume|dry volume|light trading', taste('low volume', 'rvol(20) < 0.5')],
  ['rising volume|increasing volume|growing volume|volume rising|volume increasing|volume growing', taste('rising volume', 'rising(volume, 3)')], ['falling volume|decreasing volume|shrinking volume|declining volume|volume falling|volume drying up', taste('falling volume', 'falling(volume, 3)')],
  ['liquid|highly liquid|very liquid|actively traded|heavily traded', taste('liquid', 'avg(dollar_volume, 20) > 20M')], ['illiquid|thinly traded', taste('illiquid', 'avg(dollar_volume, 20) < 1M')],
  ['volatile|high volatility|highly volatile|very volatile|wild|big swings', taste('volatile', 'volatility(20) > 40%')], ['low volatility|calm|not volatile|quiet|stable|low vol', taste('low volatility', 'volatility(20) < 20%')],
  ['volatility squeeze|bollinger squeeze|bollinger band squeeze|squeeze|narrow bollinger bands|tight bollinger bands', taste('squeeze', 'bbwidth(20, 2) <= lowest(bbwidth(20, 2), 120)')],
  ['penny stock|penny stocks|pennies', taste('penny stocks', 'close < 5')],
]);

const PATTERNS: Rule<Found> = table<Found>([
  ['hammer|hammers|hammer candle|hammer pattern', say('cdlhammer != 0')], ['doji|dojis|doji candle', say('cdldoji != 0')], ['bullish engulfing|bullish engulfing candle|bullish engulfing pattern', say('cdlengulfing > 0')], ['bearish engulfing|bearish engulfing candle|bearish engulfing pattern', say('cdlengulfing < 0')],
  ['engulfing|engulfing candle|engulfing pattern', say('cdlengulfing != 0')], ['morning star|morning stars', say('cdlmorningstar != 0')], ['evening star|evening stars', say('cdleveningstar != 0')], ['shooting star|shooting stars', say('cdlshootingstar != 0')], ['hanging man', say('cdlhangingman != 0')],
  ['three white soldiers|3 white soldiers', say('cdl3whitesoldiers != 0')], ['three black crows|3 black crows', say('cdl3blackcrows != 0')], ['harami', say('cdlharami != 0')], ['inside day|inside bar|inside days|inside bars', say('insidebar != 0')], ['outside day|outside bar|outside days|outside bars', say('outsidebar != 0')],
  ['closing near high|close near high|closed near high|closing near day high|closed near high of the day|closing near high of the day|closes near high|closing at high', taste('near the high', 'close >= low + 0.8 * (high - low)')], ['closing near low|close near low|closed near low|closing near day low|closed near low of the day|closing near low of the day|closes near low|closing at low', taste('near the low', 'close <= low + 0.2 * (high - low)')],
  ['green candle|green day|closed green|bullish candle|closed above open|close above open', say('close > open')], ['red candle|red day|closed red|bearish candle|closed below open|close below open', say('close < open')],
  ['above cloud|above ichimoku cloud', say('close > max(ichimoku(9, 26, 52, 26).spanA, ichimoku(9, 26, 52, 26).spanB)')], ['below cloud|below ichimoku cloud', say('close < min(ichimoku(9, 26, 52, 26).spanA, ichimoku(9, 26, 52, 26).spanB)')],
  ['macd bullish|macd positive|positive macd|bullish macd', say('macd(12, 26, 9).macd > 0')], ['macd bearish|macd negative|negative macd|bearish macd', say('macd(12, 26, 9).macd < 0')], ['supertrend up|supertrend bullish|bullish supertrend', say('supertrend(10, 3).direction > 0')], ['supertrend down|supertrend bearish|bearish supertrend', say('supertrend(10, 3).direction < 0')],
]);

const FACTS: Rule<Found> = table<Found>([
  ['shortable|can be shorted|can be sold short|available to short|short sellable|easy to borrow|i can short|able to be shorted', say('shortable')], ['fractionable|fractional|fractional shares|with fractional shares|parts of shares', say('fractionable')],
  ['tradable|tradeable|can be traded|can be bought|i can buy|i can trade', say('tradable')], ['watched|on my watchlist|in my watchlist|from my watchlist|on my watch list|in my watch list|from my watch list|i watch|my watchlist|my watch list|on watch list|on watchlist', say('watched')],
]);

/** All of these. */
export const aState: Rule<Found> = longest([MOMENTUM, BANDS, ACTIVITY, PATTERNS, FACTS]);
