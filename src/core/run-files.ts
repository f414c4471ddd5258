/**
 * Files that belong to tasks and lie beside the database: the transcript of a session, and what came with a task.
 * They are whole or not there at all. Whose they are, and for how long, is decided elsewhere.
 */

export const LARGEST_ATTACHMENT_BYTES = 10 * 1024 * 1024;
export const MOST_ATTACHMENTS = 10;

/** A file that was stored for a task that is yet to be submitted; one that never is goes after a while. */
export interface StoredFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly file: string;
}

export interface NewFile {
  /** As somebody called it: made harmless. */
  readonly name: string;
  /** A media type; anything else counts as bytes. */
  readonly type: string | null;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The part that a front end is given. */
export interface AttachmentShelf {
  /** Throws `invalid_input` when it is too large. */
  keep(file: NewFile): Promise<StoredFile>;
}

export interface RunFiles extends AttachmentShelf {
  readonly hasTranscript: (taskId: number) => boolean;
  /**
   * Replaces the transcript by this one, if it comes whole, is not too large, and `mayReplace` still says so right
   * before. Resolves to its size.
   */
  putTranscript(wanted: {
    taskId: number;
    content: AsyncIterable<Uint8Array>;
    readonly mayReplace: () => Promise<void>;
  }): Promise<number>;
  /** Null when there is none. */
  transcript(taskId: number): Promise<FileContent | null>;
  attachment(file: string): Promise<FileContent | null>;
  attachments(): Promise<readonly string[]>;
  /** Whether this attachment was stored before this time. */
  isOlder(file: string, time: Date): Promise<boolean>;
  dropAttachment(file: string): Promise<void>;
  transcripts(): Promise<readonly number[]>;
  dropTranscript(taskId: number): Promise<void>;
  /** Removes what an interrupted write left. */
  tidy(): Promise<void>;
}

export interface FileContent {
  readonly bytes: number;
  readonly content: ReadableStream<Uint8Array>;
}
