/** Parameters of strategies: each has a default, a range in which it may be searched, and words for people. */
import { AppError } from '#app/domain/errors.ts';

/** A number; `step` is the grid on which a search tries it. `unit`: bars, percent, dollars ... */
export type NumberParameter = { readonly kind: 'integer' | 'number'; readonly default: number; readonly min: number; readonly max: number; readonly step: number; readonly unit: string; readonly describe: string };
/** One of a few words. */
export type ChoiceParameter = { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[]; readonly describe: string };
/** Yes or no. */
export type FlagParameter = { readonly kind: 'flag'; readonly default: boolean; readonly describe: string };
/** One parameter. */
export type Parameter = NumberParameter | ChoiceParameter | FlagParameter;
/** The parameters of a strategy by name. */
export type ParameterSet = Readonly<Record<string, Parameter>>;
/** Their values. */
export type ParameterValues<P extends ParameterSet = ParameterSet> = { readonly [K in keyof P]: P[K] extends NumberParameter ? number : P[K] extends FlagParameter ? boolean : P[K] extends ChoiceParameter ? string : number | boolean | string };

type Range = { readonly min: number; readonly max: number; readonly step?: number; readonly unit?: string; readonly describe: string };

/** A whole number. */
export function integer(normal: number, { step = 1, unit = 'bars', ...range }: Range): NumberParameter {
  return { kind: 'integer', default: normal, step, unit, ...range };
}

/** Any number. */
export function real(normal: number, { step = 0.1, unit = '', ...range }: Range): NumberParameter {
  return { kind: 'number', default: normal, step, unit, ...range };
}

/** One of a few words; the first is the default. */
export function choice(choices: readonly [string, ...string[]], describe: string): ChoiceParameter {
  return { kind: 'choice', default: choices[0], choices, describe };
}

/** Yes or no. */
export function flag(normal: boolean, describe: string): FlagParameter {
  return { kind: 'flag', default: normal, describe };
}

/** What is wrong with a value, null when nothing is. */
function defectOf(parameter: Parameter, value: unknown): string | null {
  switch (parameter.kind) {
    case 'flag':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'choice':
      return typeof value === 'string' && parameter.choices.includes(value) ? null : `must be one of ${parameter.choices.join(', ')}`;
    case 'integer':
    case 'number': {
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      if (value < parameter.min || value > parameter.max) return `must lie within ${parameter.min} and ${parameter.max}`;
      return parameter.kind === 'integer' && !Number.isInteger(value) ? 'must be a whole number' : null;
    }
  }
}

/** Fills in the defaults and checks each value. @throws AppError STRATEGY_PARAMETERS_INVALID, naming the strategy, the parameter and what to do */
export function readParameters(kind: string, set: ParameterSet, raw: unknown): ParameterValues {
  const fail = (what: string): never => {
    throw new AppError('STRATEGY_PARAMETERS_INVALID', `The strategy ${kind} cannot use its parameters: ${what}`);
  };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return fail('they must be named values');
  const stranger = Object.keys(raw).find((name) => !Object.hasOwn(set, name));
  if (stranger !== undefined) return fail(`"${stranger.slice(0, 60)}" is none of ${Object.keys(set).join(', ') || 'its parameters: it has none'}`);
  const values: Record<string, number | boolean | string> = {};
  for (const [name, parameter] of Object.entries(set)) {
    const value: unknown = Reflect.get(raw, name) ?? parameter.default;
    const defect = defectOf(parameter, value);
    if (defect !== null) return fail(`${name} ${defect}`);
    values[name] = value as number | boolean | string;
  }
  return values;
}

/** JSON Schema of the parameters, with defaults, ranges and descriptions: forms are made of it. */
export function parametersJsonSchema(set: ParameterSet): Record<string, unknown> {
  const properties = Object.entries(set).map(([name, parameter]) => [name, schemaOf(parameter)] as const);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function schemaOf(parameter: Parameter): Record<string, unknown> {
  const { default: normal, describe } = parameter;
  switch (parameter.kind) {
    case 'flag':
      return { type: 'boolean', default: normal, description: describe };
    case 'choice':
      return { type: 'string', enum: parameter.choices, default: normal, description: describe };
    case 'integer':
    case 'number':
      return { type: parameter.kind, minimum: parameter.min, maximum: parameter.max, default: normal, description: describe, 'x-step': parameter.step, 'x-unit': parameter.unit };
  }
}
