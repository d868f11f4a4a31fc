import { unixTime } from '../../sessions/read-values.ts';
import type { GsName } from '../../sessions/session.ts';
import { attributeOf, childOf, childText, type XmlElement } from '../../sessions/xml-element.ts';
import { type RowShape, unexpectedReport } from '../row-parser.ts';
import { type ReadOptions, type RowReport, readRows } from '../row-report.ts';

/** One `exit_survey` that was filled in (observed). Texts as sent after XML decoding; `null` = absent. */
export interface ExitSurvey {
  /** Of the session. */
  readonly lsid: string;
  /** Unix seconds. */
  readonly time: number | null;
  /** `type`: `customer`, `representative`. */
  readonly submittedBy: (GsName & { readonly type: string | null }) | null;
  readonly primaryCustomer: GsName | null;
  readonly primaryRepresentative: GsName | null;
  readonly representatives: readonly GsName[];
  readonly questions: readonly SurveyQuestion[];
}

export interface SurveyQuestion {
  readonly id: string | null;
  /** `radio`, `checkbox`, `textarea` … an open list. */
  readonly type: string | null;
  /** The question's own name; `rating` and `comments` mean the same everywhere. */
  readonly name: string | null;
  /** What was asked. */
  readonly label: string | null;
  /** Its short form, for headings. */
  readonly reportHeader: string | null;
  /** As sent: a line feed in an answer comes as the two characters `\n`. */
  readonly answers: readonly string[];
}

const report = 'an exit survey report';

const shape: RowShape<ExitSurvey> = {
  report,
  row: 'a survey',
  rows: 'surveys',
  isRoot: (name) => name === 'exit_survey_list',
  begins: (name, _attributes, depth) => depth === 2 && name === 'exit_survey',
  read(element) {
    const lsid = attributeOf(element, 'lsid');
    if (lsid === null || lsid.trim() === '') throw unexpectedReport(report, 'a survey has no lsid');
    const submitter = childOf(element, 'submitted_by');
    return {
      lsid: Buffer.from(lsid).toString(),
      time: unixTime(attributeOf(element, 'timestamp')),
      submittedBy:
        submitter === undefined ? null : { ...gsName(submitter), type: attributeOf(submitter, 'type') },
      primaryCustomer: perhaps(childOf(element, 'primary_customer') ?? childOf(element, 'primary_cust')),
      primaryRepresentative: perhaps(childOf(element, 'primary_rep')),
      representatives: (childOf(element, 'rep_list')?.children ?? []).map(gsName),
      questions: each(childOf(element, 'question_list'), 'question').map(readQuestion),
    };
  },
};

/** Reads a SupportCustExitSurvey or SupportRepExitSurvey report as a stream; `readRows` says what it throws. */
export function readExitSurveys(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): RowReport<ExitSurvey> {
  return readRows(chunks, shape, options);
}

function readQuestion(element: XmlElement): SurveyQuestion {
  return {
    id: attributeOf(element, 'id'),
    type: childText(element, 'type'),
    name: childText(element, 'name'),
    label: childText(element, 'label'),
    reportHeader: childText(element, 'report_header'),
    answers: each(childOf(element, 'answer_list'), 'answer').map(({ text }) => text),
  };
}

function perhaps(element: XmlElement | undefined): GsName | null {
  return element === undefined ? null : gsName(element);
}

/** The name is the text, or stands in an element of its own. */
function gsName(element: XmlElement): GsName {
  return {
    gsNumber: attributeOf(element, 'gsnumber'),
    name: childText(element, 'display_name') ?? element.text,
  };
}

function each(list: XmlElement | undefined, name: string): XmlElement[] {
  return list === undefined ? [] : list.children.filter((child) => child.name === name);
}
