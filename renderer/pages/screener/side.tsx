/** The left column: saved screens, the wish in words, filters and rank; its width is the person's. */
import { useRef } from 'react';
import type { JSX, KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { FiltersPart } from './filters-part.tsx';
import { settleNotice, undoNotice, useNotice } from '../../ui/notice.ts';
import { changeLook, SIDE_WIDTH, useLook } from './page-state.ts';
import { RankPart } from './rank-part.tsx';
import { SavedList } from './saved-list.tsx';
import type { ListActs } from './saved-list.tsx';
import { WordsBox } from './words-box.tsx';

const KEY_STEP = 16;
const within = (width: number): number => Math.round(Math.max(SIDE_WIDTH.least, Math.min(SIDE_WIDTH.most, width)));

/** The edge that is dragged, or moved by arrows. */
function Edge(): JSX.Element {
  const { sideWidth } = useLook();
  const from = useRef<{ x: number; width: number } | null>(null);
  const move = (event: PointerEvent): void => {
    if (from.current !== null) changeLook({ sideWidth: within(from.current.width + event.clientX - from.current.x) });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowLeft' ? -KEY_STEP : event.key === 'ArrowRight' ? KEY_STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    changeLook({ sideWidth: within(sideWidth + by) });
  };
  return (
    <div className="side-edge" role="separator" aria-orientation="vertical" aria-label="Width of the left column" aria-valuenow={sideWidth} aria-valuemin={SIDE_WIDTH.least} aria-valuemax={SIDE_WIDTH.most} tabIndex={0}
      onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); from.current = { x: event.clientX, width: sideWidth }; }} onPointerMove={move} onPointerUp={() => { from.current = null; }} onDoubleClick={() => changeLook({ sideWidth: SIDE_WIDTH.usual })} onKeyDown={onKeyDown} />
  );
}

function NoticeLine(): JSX.Element | null {
  const notice = useNotice();
  if (notice === null) return null;
  return (
    <div className="side-notice" role="status">
      <span>{notice.text}</span>
      {notice.undo !== undefined && <button type="button" className="link-button" onClick={undoNotice}>Undo</button>}
      <button type="button" className="link-button muted" aria-label="Close this line" onClick={settleNotice}>×</button>
    </div>
  );
}

/** The column. */
export function Side({ acts }: { acts: ListActs }): ReactNode {
  const { sideWidth, isSideOpen } = useLook();
  return (
    <>
      {isSideOpen && (
        <>
          <aside className="screen-side" style={{ width: sideWidth }} aria-label="Screen">
            <div className="side-scroll">
              <SavedList {...acts} />
              <WordsBox />
              <FiltersPart />
              <RankPart />
            </div>
          </aside>
          <Edge />
        </>
      )}
      <NoticeLine />
    </>
  );
}
