/** Questions to the desktop shell and acts of it, in the same shape as those to the gateway. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import type { ShellInput, ShellOutput } from '#app/contracts/shell.ts';
import type { ShellCallName } from '#app/contracts/shell-names.ts';
import { shellCall } from './bridge.ts';
import { refreshShellStatus } from './shell-status.ts';

/** Keys of what the shell answers. */
const SHELL_KEYS = { preferences: ['shell', 'preferences'], keys: ['shell', 'keys'], about: ['shell', 'about'] } as const;

/** What the person chose about the application. */
export const usePreferences = (): UseQueryResult<ShellOutput<'preferences'>> => useQuery({ queryKey: SHELL_KEYS.preferences, queryFn: () => shellCall('preferences', {}) });
/** What may be told of the broker keys. */
export const useBrokerKeys = (): UseQueryResult<ShellOutput<'brokerKeys'>> => useQuery({ queryKey: SHELL_KEYS.keys, queryFn: () => shellCall('brokerKeys', {}) });
/** Versions and licences; they do not change while the window lives. */
export const useAbout = (): UseQueryResult<ShellOutput<'about'>> => useQuery({ queryKey: SHELL_KEYS.about, queryFn: () => shellCall('about', {}), staleTime: Number.POSITIVE_INFINITY });

/** What an act's answer replaces. */
const ANSWERS: Partial<Readonly<Record<ShellCallName, readonly string[]>>> = { setPreferences: SHELL_KEYS.preferences, setBrokerKeys: SHELL_KEYS.keys, removeBrokerKeys: SHELL_KEYS.keys };

/** A press of a button that the shell answers; the status is asked for right after it. */
export function useShellAction<N extends ShellCallName>(name: N): UseMutationResult<ShellOutput<N>, Error, ShellInput<N>> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: ShellInput<N>) => shellCall(name, input),
    onSuccess: (answer) => {
      const key = ANSWERS[name];
      if (key) client.setQueryData<unknown>(key, answer);
    },
    onSettled: refreshShellStatus,
    // Keys pass through here: what was typed is not kept after the answer.
    gcTime: 0,
  });
}
