/** Indicators on the shelf of volume. */
import { AD, ADOSC, CMF, KVO, MFI, OBV } from '../flow.ts';
import type { AnyIndicator } from '../indicator.ts';
import { EFI, EOM, NVI, PVI, PVT, RVOL, VOLSMA } from '../volume.ts';
import { ROLLVWAP, VWAP } from '../vwap.ts';

/** All of them. */
export const VOLUME: readonly AnyIndicator[] = [OBV, AD, ADOSC, MFI, CMF, VWAP, ROLLVWAP, EFI, EOM, NVI, PVI, PVT, KVO, VOLSMA, RVOL];
