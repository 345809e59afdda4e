/** The left column: the project, its files or its versions, and the line that says what was just done. */
import type { JSX } from 'react';
import { settleNotice, undoNotice, useNotice } from '../../../../ui/notice.ts';
import { changeAuthorLayout, SIDE, useAuthorLayout } from '../../layout.ts';
import { SplitEdge } from '../../split-edge.tsx';
import type { Doc } from '../session.ts';
import { FileList } from './file-list.tsx';
import { ProjectHead } from './project-head.tsx';
import { VersionList } from './version-list.tsx';

/** What was just done, and how to take it back. */
export function NoticeLine(): JSX.Element | null {
  const notice = useNotice();
  if (notice === null) return null;
  return (
    <div className="ed-notice" role="status">
      <span>{notice.text}</span>
      {notice.undo !== undefined && <button type="button" className="link-button" onClick={undoNotice}>Undo</button>}
      <button type="button" className="link-button muted" aria-label="Close this line" onClick={settleNotice}>×</button>
    </div>
  );
}

/** The column. */
export function Side({ doc }: { doc: Doc }): JSX.Element {
  const { sideWidth, sidePart } = useAuthorLayout();
  return (
    <>
      <aside className="ed-side" style={{ width: sideWidth }} aria-label="Strategy">
        <ProjectHead doc={doc} />
        <div className="ed-side-tabs" role="tablist" aria-label="Left column">
          {(['files', 'versions'] as const).map((part) => <button key={part} type="button" role="tab" aria-selected={sidePart === part} className={sidePart === part ? 'active' : ''} onClick={() => changeAuthorLayout({ sidePart: part })}>{part === 'files' ? 'Files' : 'Versions'}</button>)}
        </div>
        <div className="ed-side-scroll">{sidePart === 'files' ? <FileList doc={doc} /> : <VersionList doc={doc} />}</div>
      </aside>
      <SplitEdge label="Width of the left column" width={sideWidth} limits={SIDE} from="left" change={(width) => changeAuthorLayout({ sideWidth: width })} />
    </>
  );
}
