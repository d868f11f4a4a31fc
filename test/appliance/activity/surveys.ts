import type { TimeWindow } from '../../../shared/appliance/appliance.ts';
import type { ExitSurvey, SurveyQuestion } from '../../../shared/appliance/reports/index.ts';
import { Random } from '../random.ts';
import type { World } from '../world.ts';
import { element, wrap } from '../xml-element.ts';

export type Surveyed = 'customer' | 'representative';

/**
 * Surveys of sessions that began in the window (observed), as far as they were answered by `now`: some minutes after the
 * session ended. They are there for the sessions that point to one.
 */
export function surveysOf(world: World, by: Surveyed, window: TimeWindow, now: number): ExitSurvey[] {
  const found: ExitSurvey[] = [];
  for (const index of world.population.startedIn(window.from, window.to, now)) {
    const { session, look } = world.generator.facts(index, now);
    const who = by === 'customer' ? session.primaryCustomer : session.primaryRepresentative;
    if (!look.surveys || who === null || session.endTime === null) continue;
    const random = new Random(world.settings.seed, index, by === 'customer' ? 71 : 72);
    const time = session.endTime + 30 + random.int(600);
    if (time > now) continue;
    const { primaryCustomer, primaryRepresentative, representatives } = session;
    found.push({
      lsid: session.lsid,
      time,
      submittedBy: { gsNumber: who.gsNumber, name: who.name, type: by },
      primaryCustomer,
      primaryRepresentative: primaryRepresentative && {
        gsNumber: primaryRepresentative.gsNumber,
        name: primaryRepresentative.name,
      },
      representatives: representatives.map(({ gsNumber, displayName: name }) => ({ gsNumber, name })),
      questions: questions(random, world.settings.odd),
    });
  }
  return found;
}

function questions(random: Random, odd: boolean): SurveyQuestion[] {
  return [
    {
      id: '1',
      type: 'radio',
      name: 'rating',
      label: 'How was it?',
      reportHeader: 'Rating',
      answers: [String(1 + random.int(5))],
    },
    {
      id: '2',
      type: 'checkbox',
      name: 'topics',
      label: odd ? 'What was it & <why>?' : 'What was it?',
      reportHeader: 'Topics',
      answers: random.pick([[], ['Printer'], ['Printer', 'Network & "Voice"']]),
    },
    {
      id: '3',
      type: 'textarea',
      name: 'comments',
      label: 'Anything else?',
      reportHeader: '',
      // A line feed comes as two characters (observed).
      answers: [odd ? 'quick\\nand friendly – merci < bien &' : 'Thank you.'],
    },
  ];
}

export function surveyXml(survey: ExitSurvey): string {
  const { submittedBy, primaryCustomer, primaryRepresentative, representatives } = survey;
  const inner =
    element(2, 'submitted_by', submittedBy?.name ?? null, 'entities', {
      type: submittedBy?.type ?? null,
      gsnumber: submittedBy?.gsNumber ?? null,
    }) +
    element(2, 'primary_customer', primaryCustomer?.name ?? null, 'entities', {
      gsnumber: primaryCustomer?.gsNumber ?? null,
    }) +
    element(2, 'primary_rep', primaryRepresentative?.name ?? null, 'cdata', {
      gsnumber: primaryRepresentative?.gsNumber ?? null,
    }) +
    wrap(
      2,
      'rep_list',
      representatives
        .map(({ gsNumber, name }) =>
          wrap(3, 'representative', element(4, 'display_name', name), { gsnumber: gsNumber }),
        )
        .join(''),
    ) +
    wrap(2, 'question_list', survey.questions.map(questionXml).join(''));
  return wrap(1, 'exit_survey', inner, { lsid: survey.lsid, timestamp: String(survey.time) });
}

function questionXml({ id, type, name, label, reportHeader, answers }: SurveyQuestion): string {
  const inner =
    element(4, 'type', type) +
    element(4, 'name', name) +
    element(4, 'label', label) +
    element(4, 'report_header', reportHeader) +
    wrap(4, 'answer_list', answers.map((answer) => element(5, 'answer', answer)).join(''));
  return wrap(3, 'question', inner, { id });
}
