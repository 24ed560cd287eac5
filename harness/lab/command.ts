// A door of its own for the lab: the text of harness/lab/images decides which node image is made, imports included.
export * from '../mesh/command.ts';
