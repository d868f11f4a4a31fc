/** What the test functions and the tests share within a process. */
class Control {
  readonly notes: { readonly name: string; readonly value: unknown }[] = [];
  isCancelled = false;
  variant: 'plain' | 'order' | 'type' | 'name' = 'plain';
  gate: Promise<void> = Promise.resolve();

  note(name: string, value: unknown): void {
    this.notes.push({ name, value });
  }

  taken(name: string): unknown[] {
    return this.notes.filter((note) => note.name === name).map((note) => note.value);
  }

  reset(): void {
    this.notes.length = 0;
    this.isCancelled = false;
    this.variant = 'plain';
    this.gate = Promise.resolve();
  }
}

export const control = new Control();
