/** Sector and industry of large US companies and well-known funds: a built-in list, for the broker does not tell them. Companies by the Global Industry Classification Standard as known in 2025. */
import { invariant } from '#app/domain/errors.ts';
import type { Sector } from '#app/contracts/universe.ts';

/** Which sector list a row came from; a person's word stands above it. */
export const BUILT_IN_LIST = 'built-in list';
/** What a person said. */
export const BY_PERSON = 'person';

type Group = readonly [industry: string, symbols: string];

const LIST: Readonly<Record<Sector, readonly Group[]>> = {
  'Communication Services': [
    ['Entertainment', 'NFLX DIS WBD EA TTWO LYV ROKU SPOT FOXA FOX PARA TKO'],
    ['Interactive Media & Services', 'GOOGL GOOG META PINS SNAP MTCH RDDT ZG'],
    ['Media', 'CMCSA CHTR OMC IPG NWSA NWS NYT TTD'],
    ['Diversified Telecommunication Services', 'T VZ LUMN'],
    ['Wireless Telecommunication Services', 'TMUS'],
  ],
  'Consumer Discretionary': [
    ['Broadline Retail', 'AMZN EBAY ETSY BABA MELI PDD JD KSS M'],
    ['Automobiles', 'TSLA F GM RIVN LCID'],
    ['Automobile Components', 'APTV BWA LEA GNTX'],
    ['Hotels, Restaurants & Leisure', 'MCD SBUX BKNG CMG MAR HLT YUM RCL CCL NCLH LVS MGM WYNN EXPE ABNB DASH DRI DPZ DKNG CZR PENN TXRH WING'],
    ['Specialty Retail', 'HD LOW TJX ROST ORLY AZO BBY ULTA TSCO KMX GPC CVNA GME CHWY DKS WSM BURL BBWI'],
    ['Household Durables', 'DHI LEN NVR PHM TOL MHK WHR GRMN'],
    ['Textiles, Apparel & Luxury Goods', 'NKE LULU DECK TPR RL ONON CROX SKX VFC UAA'],
    ['Leisure Products', 'HAS MAT PTON POOL'],
  ],
  'Consumer Staples': [
    ['Beverages', 'KO PEP MNST KDP STZ TAP BF.B CELH'],
    ['Consumer Staples Distribution & Retail', 'WMT COST TGT KR SYY DG DLTR WBA BJ USFD CASY'],
    ['Food Products', 'MDLZ KHC GIS HSY K CPB CAG SJM MKC HRL TSN ADM BG LW'],
    ['Household Products', 'PG CL KMB CHD CLX'],
    ['Personal Care Products', 'EL KVUE ELF'],
    ['Tobacco', 'PM MO'],
  ],
  Energy: [
    ['Oil, Gas & Consumable Fuels', 'XOM CVX COP EOG OXY MPC PSX VLO HES DVN FANG WMB KMI OKE TRGP LNG EQT CTRA APA MRO AR RRC CCJ ET EPD'],
    ['Energy Equipment & Services', 'SLB HAL BKR NOV FTI RIG'],
  ],
  Financials: [
    ['Banks', 'JPM BAC WFC C USB PNC TFC FITB MTB HBAN RF CFG KEY ZION CMA WAL NU'],
    ['Capital Markets', 'GS MS SCHW BLK SPGI MCO CME ICE NDAQ MSCI CBOE BX KKR APO ARES AMP TROW BEN IVZ STT BK NTRS RJF FDS COIN HOOD IBKR LPLA MKTX'],
    ['Insurance', 'PGR CB MMC AON AJG WTW BRO TRV ALL AIG MET PRU AFL HIG PFG L LNC CINF WRB ACGL EG GL AIZ ERIE'],
    ['Financial Services', 'BRK.B V MA PYPL FI FIS GPN XYZ AFRM TOST CPAY JKHY'],
    ['Consumer Finance', 'AXP COF DFS SYF ALLY SOFI UPST'],
  ],
  'Health Care': [
    ['Pharmaceuticals', 'LLY JNJ MRK PFE ABBV BMY ZTS VTRS NVO AZN ELAN'],
    ['Biotechnology', 'AMGN GILD VRTX REGN BIIB MRNA INCY ALNY BMRN EXEL NBIX UTHR'],
    ['Health Care Equipment & Supplies', 'ABT MDT SYK BSX ISRG EW BDX BAX ZBH GEHC DXCM IDXX RMD ALGN HOLX COO PODD STE TFX'],
    ['Health Care Providers & Services', 'UNH ELV CI CVS HUM CNC MOH HCA UHS THC MCK CAH COR LH DGX DVA HSIC'],
    ['Life Sciences Tools & Services', 'TMO DHR A IQV MTD WAT RVTY CRL TECH WST ILMN BIO'],
    ['Health Care Technology', 'VEEV TDOC DOCS'],
  ],
  Industrials: [
    ['Aerospace & Defense', 'BA RTX LMT NOC GD GE LHX TDG HWM TXT HII AXON RKLB HEI'],
    ['Machinery', 'CAT DE ETN PH ITW CMI PCAR IR OTIS XYL DOV FTV SNA SWK WAB PNR IEX NDSN'],
    ['Industrial Conglomerates', 'HON MMM'],
    ['Electrical Equipment', 'EMR ROK AME GEV HUBB VRT GNRC PLUG'],
    ['Building Products', 'JCI CARR TT LII MAS AOS BLDR ALLE'],
    ['Ground Transportation', 'UNP CSX NSC ODFL JBHT UBER LYFT XPO SAIA KNX'],
    ['Air Freight & Logistics', 'UPS FDX EXPD CHRW'],
    ['Passenger Airlines', 'DAL UAL AAL LUV ALK JBLU'],
    ['Commercial Services & Supplies', 'WM RSG CTAS CPRT ROL VLTO'],
    ['Professional Services', 'ADP PAYX VRSK EFX BR J LDOS PAYC DAY BAH'],
    ['Trading Companies & Distributors', 'URI FAST GWW WSO'],
    ['Construction & Engineering', 'PWR ACM EME FIX'],
  ],
  'Information Technology': [
    ['Semiconductors & Semiconductor Equipment', 'NVDA AVGO AMD INTC QCOM TXN MU AMAT LRCX KLAC ADI MRVL NXPI ON MCHP MPWR SWKS TER ENPH FSLR SMCI QRVO ARM TSM ASML GFS WOLF'],
    ['Software', 'MSFT ORCL CRM ADBE NOW INTU PANW CRWD SNPS CDNS FTNT WDAY ADSK PLTR DDOG ZS TEAM SNOW HUBS MDB NET OKTA DOCU ZM U TYL PTC FICO ANSS GEN APP PATH MSTR'],
    ['Technology Hardware, Storage & Peripherals', 'AAPL DELL HPQ HPE NTAP WDC STX SNDK PSTG'],
    ['IT Services', 'IBM ACN CTSH IT GDDY AKAM VRSN EPAM SHOP TWLO'],
    ['Communications Equipment', 'CSCO ANET MSI FFIV JNPR CIEN UI'],
    ['Electronic Equipment, Instruments & Components', 'APH TEL GLW KEYS TDY ZBRA TRMB CDW JBL FLEX'],
  ],
  Materials: [
    ['Chemicals', 'LIN APD SHW ECL DD DOW PPG LYB IFF CF MOS ALB FMC EMN CTVA CE'],
    ['Metals & Mining', 'FCX NEM NUE STLD AA CLF X GOLD VALE RIO MP'],
    ['Containers & Packaging', 'PKG IP BALL AMCR AVY SW'],
    ['Construction Materials', 'VMC MLM'],
  ],
  'Real Estate': [
    ['Specialized REITs', 'AMT CCI EQIX DLR SBAC PSA EXR WY IRM LAMR'],
    ['Industrial REITs', 'PLD'],
    ['Retail REITs', 'O SPG KIM REG FRT'],
    ['Residential REITs', 'AVB EQR MAA ESS UDR CPT INVH SUI ELS'],
    ['Health Care REITs', 'WELL VTR DOC OHI'],
    ['Office REITs', 'BXP ARE VNO'],
    ['Hotel & Resort REITs', 'HST'],
    ['Other REITs', 'VICI NLY AGNC'],
    ['Real Estate Management & Development', 'CBRE CSGP OPEN'],
  ],
  Utilities: [
    ['Electric Utilities', 'NEE DUK SO AEP EXC XEL ED PCG EIX ETR FE PPL EVRG LNT NRG PNW CEG'],
    ['Multi-Utilities', 'D SRE PEG WEC DTE AEE CMS CNP NI'],
    ['Water Utilities', 'AWK'],
    ['Gas Utilities', 'ATO'],
    ['Independent Power Producers', 'VST AES'],
  ],
  Funds: [
    ['US shares, broad', 'SPY VOO IVV VTI QQQ QQQM DIA IWM IJR IJH MDY RSP VTV VUG IWF IWD SCHD VIG VYM MTUM QUAL USMV'],
    ['US shares, one sector', 'XLK XLF XLV XLE XLY XLP XLI XLU XLB XLRE XLC SMH SOXX XBI IBB KRE XOP XHB XRT ITB IYR VNQ ARKK IGV KBE'],
    ['Shares of other countries', 'EFA EEM VEA VWO IEFA IEMG FXI EWJ EWZ INDA MCHI ACWI VXUS KWEB'],
    ['Bonds', 'TLT IEF SHY BND AGG LQD HYG TIP BIL SGOV MUB JNK EMB VCIT'],
    ['Commodities and currencies', 'GLD SLV USO UNG IAU DBC GDX GDXJ UUP IBIT BITO URA'],
    ['Leveraged and inverse', 'TQQQ SQQQ SOXL SOXS SPXL SPXU UPRO SDS SSO QLD UVXY VXX SVXY TNA TZA TMF'],
  ],
};

/** What the list says of a symbol. */
export type SectorRow = { readonly symbol: string; readonly sector: Sector; readonly industry: string };

/** Every symbol of the list, once. */
export const SECTOR_ROWS: readonly SectorRow[] = (Object.entries(LIST) as [Sector, readonly Group[]][]).flatMap(([sector, groups]) =>
  groups.flatMap(([industry, symbols]) => symbols.split(' ').map((symbol) => ({ symbol, sector, industry }))));

invariant(new Set(SECTOR_ROWS.map((row) => row.symbol)).size === SECTOR_ROWS.length, 'A symbol has one sector in the built-in list');
