/** A task in the replay of an orchestrator's actions: open or done, with or without an error makes no difference. */
export class Task {
  #isDone = false;
  #followers: (() => void)[] = [];

  static completed(): Task {
    const task = new Task();
    task.complete();
    return task;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  complete(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    for (const follower of this.#followers.splice(0)) follower();
  }

  whenDone(follower: () => void): void {
    if (this.#isDone) follower();
    else this.#followers.push(follower);
  }
}

export function whenAny(tasks: readonly Task[]): Task {
  const any = new Task();
  for (const task of tasks) task.whenDone(() => any.complete());
  return any;
}

/** Done when all are, failed ones too. */
export function whenAll(tasks: readonly Task[]): Task {
  const all = new Task();
  let open = tasks.length;
  for (const task of tasks) {
    task.whenDone(() => {
      if (--open === 0) all.complete();
    });
  }
  return all;
}
