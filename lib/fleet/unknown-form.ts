/**
 * A stored record was written by a version of Spothop that this one does not know. It is left exactly as it is: whoever
 * meets it counts it, raises an alarm and goes on with the next (design section 6).
 */
export class UnknownForm extends Error {
  override readonly name = 'UnknownForm';
  readonly table: string;
  readonly key: string;

  constructor(table: string, key: string, form: unknown) {
    super(
      `The record ${key} in ${table} has the form ${JSON.stringify(form)}, which this version does not know. ` +
        'It was left as it is; deploy the version that wrote it, or a newer one.',
    );
    this.table = table;
    this.key = key;
  }
}
