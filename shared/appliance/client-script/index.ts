export { type ScriptAction, type ScriptActionName, scriptActions } from './script-actions.ts';
export { type ScriptCommand, scriptActionNamed, type UncheckedScriptCommand } from './script-command.ts';
export { type ScriptFile, type ScriptFileOptions, scriptFile } from './script-file.ts';
export { type ScriptUrlOptions, scriptUrl } from './script-url.ts';
export { SecretText } from './secret-text.ts';
