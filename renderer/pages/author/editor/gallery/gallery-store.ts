/** Whether the gallery stands in front of an open project. */
import { createStore, useStore } from '../../../../data/external-store.ts';

const isOpen = createStore(false);
/** Does it? */
export const useGallery = (): boolean => useStore(isOpen);
/** Opens or closes it. */
export const setGallery = (next: boolean): void => isOpen.set(next);
