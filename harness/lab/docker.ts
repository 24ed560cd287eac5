export * from '../mesh/docker.ts'; // a door of its own for the same reason as in command.ts
