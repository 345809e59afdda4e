/** The colours of drawings, as the scheme and palette on the screen have them. */
import { useMemo } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { useUiState } from '../data/ui-state.ts';
import { tokensOf } from '../theme.ts';
import type { Tokens } from '../theme.ts';

/** The tokens of the scheme that is shown; the same object until scheme or palette change. */
export function useTokens(): Tokens {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const palette = useUiState('palette');
  return useMemo(() => tokensOf(scheme, palette), [scheme, palette]);
}
