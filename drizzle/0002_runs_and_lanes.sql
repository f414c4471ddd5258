CREATE TABLE `account_holds` (
	`account` text PRIMARY KEY NOT NULL,
	`until` integer NOT NULL,
	`detail` text NOT NULL,
	`probe` text,
	`back_off_ms` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `attachments` (
	`task_id` integer NOT NULL,
	`number` integer NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`bytes` integer NOT NULL,
	`file` text NOT NULL,
	PRIMARY KEY(`task_id`, `number`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `attachments_file` ON `attachments` (`file`);--> statement-breakpoint
CREATE TABLE `lane_counts` (
	`lane` text PRIMARY KEY NOT NULL,
	`n` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `questions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task_id` integer NOT NULL,
	`run` integer NOT NULL,
	`key` text NOT NULL,
	`kind` text NOT NULL,
	`title` text NOT NULL,
	`detail` text NOT NULL,
	`options` text NOT NULL,
	`rule` text,
	`call` text,
	`is_budget` integer NOT NULL,
	`status` text NOT NULL,
	`asked_at` integer NOT NULL,
	`repeated_at` integer,
	`answered_at` integer,
	`answered_by` text,
	`answer` text,
	`is_told` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `questions_of_run` ON `questions` (`task_id`,`run`,`key`);--> statement-breakpoint
CREATE INDEX `questions_open` ON `questions` (`asked_at`) WHERE status = 'open';--> statement-breakpoint
CREATE TABLE `replies` (
	`task_id` integer NOT NULL,
	`number` integer NOT NULL,
	`text` text NOT NULL,
	`now` integer NOT NULL,
	`author` text NOT NULL,
	`author_name` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `number`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_messages` (
	`task_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`run` integer,
	`kind` text NOT NULL,
	`text` text NOT NULL,
	`data` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `seq`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `runs` (
	`lease_id` text PRIMARY KEY NOT NULL,
	`task_id` integer NOT NULL,
	`number` integer NOT NULL,
	`instance_id` text NOT NULL,
	`account` text,
	`person` text,
	`submitted_by` text,
	`project` text,
	`model` text,
	`started_at` integer NOT NULL,
	`ended_at` integer,
	`cost_usd` real NOT NULL,
	`cost_estimated` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`turns` integer NOT NULL,
	`duration_ms` integer NOT NULL,
	`messages` integer NOT NULL,
	`fault` text,
	`is_reported` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_of_task` ON `runs` (`task_id`,`number`);--> statement-breakpoint
CREATE INDEX `runs_started` ON `runs` (`started_at`);--> statement-breakpoint
CREATE INDEX `runs_of_person` ON `runs` (`person`,`started_at`,`cost_usd`) WHERE person IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_faulty` ON `runs` (`instance_id`,`ended_at`) WHERE fault IS NOT NULL;--> statement-breakpoint
CREATE TABLE `task_work` (
	`task_id` integer PRIMARY KEY NOT NULL,
	`branch` text NOT NULL,
	`base` text,
	`session_id` text,
	`runs` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`replies` integer NOT NULL,
	`replies_taken` integer NOT NULL,
	`rules` text NOT NULL,
	`grants` integer NOT NULL,
	`is_finishing` integer NOT NULL,
	`summary` text,
	`overloads` integer NOT NULL,
	`activity` text,
	`todo` text NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE TABLE `thread_deliveries` (
	`front_end` text NOT NULL,
	`task_id` integer NOT NULL,
	`thread_id` text,
	`seq` integer NOT NULL,
	`state` text NOT NULL,
	`is_closed` integer NOT NULL,
	PRIMARY KEY(`front_end`, `task_id`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `thread_deliveries_task` ON `thread_deliveries` (`task_id`);--> statement-breakpoint
CREATE INDEX `thread_deliveries_thread` ON `thread_deliveries` (`front_end`,`thread_id`);--> statement-breakpoint
ALTER TABLE `instances` ADD `worker` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `project` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `requires` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `model` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `max_cost_usd` real;--> statement-breakpoint
ALTER TABLE `tasks` ADD `max_tokens` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `max_turns` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `max_minutes` real;--> statement-breakpoint
ALTER TABLE `tasks` ADD `parked` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `parked_until` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `parked_detail` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `person` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `result` text;--> statement-breakpoint
CREATE INDEX `tasks_parked` ON `tasks` (`parked_until`) WHERE parked_until IS NOT NULL;--> statement-breakpoint
CREATE INDEX `tasks_running_of_person` ON `tasks` (`person`) WHERE status = 'in_progress' AND person IS NOT NULL;--> statement-breakpoint
CREATE INDEX `tasks_limited` ON `tasks` (`person`,`lane`,`rank`,`id`) WHERE parked = 'limit' AND parked_until IS NULL;
--> statement-breakpoint
UPDATE `tasks` SET `person` = CASE
	WHEN `created_by` LIKE 'discord:%' THEN `created_by`
	WHEN `submitted_by` IS NOT NULL THEN 'name:' || `submitted_by`
END WHERE `completed_at` IS NULL;
--> statement-breakpoint
INSERT INTO `lane_counts` (`lane`, `n`)
	SELECT `lane`, count(*) FROM `tasks` WHERE `status` = 'pending' AND `ready` = 1 GROUP BY `lane`;
--> statement-breakpoint
CREATE TRIGGER `lanes_counted_in` AFTER INSERT ON `tasks` WHEN NEW.`status` = 'pending' AND NEW.`ready` = 1 BEGIN
	INSERT INTO `lane_counts` (`lane`, `n`) VALUES (NEW.`lane`, 1) ON CONFLICT (`lane`) DO UPDATE SET `n` = `n` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `lanes_entered` AFTER UPDATE OF `status`, `ready` ON `tasks`
	WHEN NEW.`status` = 'pending' AND NEW.`ready` = 1 AND NOT (OLD.`status` = 'pending' AND OLD.`ready` = 1) BEGIN
	INSERT INTO `lane_counts` (`lane`, `n`) VALUES (NEW.`lane`, 1) ON CONFLICT (`lane`) DO UPDATE SET `n` = `n` + 1;
END;
--> statement-breakpoint
CREATE TRIGGER `lanes_left` AFTER UPDATE OF `status`, `ready` ON `tasks`
	WHEN OLD.`status` = 'pending' AND OLD.`ready` = 1 AND NOT (NEW.`status` = 'pending' AND NEW.`ready` = 1) BEGIN
	UPDATE `lane_counts` SET `n` = `n` - 1 WHERE `lane` = OLD.`lane`;
	DELETE FROM `lane_counts` WHERE `lane` = OLD.`lane` AND `n` <= 0;
END;
--> statement-breakpoint
CREATE TRIGGER `lanes_counted_out` AFTER DELETE ON `tasks` WHEN OLD.`status` = 'pending' AND OLD.`ready` = 1 BEGIN
	UPDATE `lane_counts` SET `n` = `n` - 1 WHERE `lane` = OLD.`lane`;
	DELETE FROM `lane_counts` WHERE `lane` = OLD.`lane` AND `n` <= 0;
END;
