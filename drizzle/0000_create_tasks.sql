CREATE TABLE `front_end_links` (
	`front_end` text NOT NULL,
	`task_id` integer NOT NULL,
	`kind` text NOT NULL,
	`channel_id` text NOT NULL,
	`message_id` text NOT NULL,
	PRIMARY KEY(`front_end`, `task_id`, `kind`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `front_end_values` (
	`front_end` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`front_end`, `name`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`fingerprint` text NOT NULL,
	`status` integer NOT NULL,
	`body` text NOT NULL,
	`lease_id` text,
	`created_at` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_keys_age` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `instances` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`last_seen` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `instances_seen` ON `instances` (`last_seen`);--> statement-breakpoint
CREATE TABLE `leases` (
	`lease_id` text PRIMARY KEY NOT NULL,
	`task_id` integer NOT NULL,
	`instance_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`length_ms` integer NOT NULL,
	`claimed_at` integer NOT NULL,
	`ended_at` integer,
	`ended_by` text,
	`outcome` text,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "leases_outcome" CHECK(outcome IN ('completed', 'failed', 'retried', 'released', 'expired', 'cancelled', 'undelivered')),
	CONSTRAINT "leases_end" CHECK((ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL))
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `leases_cancelled` ON `leases` (`instance_id`,`ended_at`) WHERE outcome = 'cancelled';--> statement-breakpoint
CREATE TABLE `queue_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`paused` integer NOT NULL,
	`reason` text
) STRICT;
--> statement-breakpoint
CREATE TABLE `task_counts` (
	`status` text PRIMARY KEY NOT NULL,
	`n` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `task_logs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task_id` integer NOT NULL,
	`action` text NOT NULL,
	`actor` text NOT NULL,
	`details` text NOT NULL,
	`instance_id` text,
	`timestamp` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;
--> statement-breakpoint
CREATE INDEX `task_logs_task` ON `task_logs` (`task_id`,`id`);--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`description` text NOT NULL,
	`status` text NOT NULL,
	`priority` text NOT NULL,
	`rank` integer NOT NULL,
	`lane` text NOT NULL,
	`ready` integer NOT NULL,
	`target` text,
	`instance_id` text,
	`instance_name` text,
	`lease_id` text,
	`lease_ms` integer,
	`lease_expires_at` integer,
	`attempt` integer NOT NULL,
	`max_attempts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`claimed_at` integer,
	`completed_at` integer,
	`not_before` integer,
	`updated_at` integer NOT NULL,
	`notes` text,
	`error` text,
	`submitted_by` text,
	`created_by` text NOT NULL,
	`origin_front_end` text,
	`origin_ref` text,
	CONSTRAINT "tasks_status" CHECK(status IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "tasks_priority" CHECK(priority IN ('high', 'medium', 'low')),
	CONSTRAINT "tasks_ready_flag" CHECK(ready IN (0, 1)),
	CONSTRAINT "tasks_attempt" CHECK(attempt >= 0 AND max_attempts >= 1),
	CONSTRAINT "tasks_lease" CHECK((status = 'in_progress') = (lease_id IS NOT NULL)),
	CONSTRAINT "tasks_lease_whole" CHECK((lease_id IS NULL) = (lease_expires_at IS NULL) AND (lease_id IS NULL) = (lease_ms IS NULL)),
	CONSTRAINT "tasks_finish" CHECK((completed_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled')))
) STRICT;
--> statement-breakpoint
CREATE INDEX `tasks_ready` ON `tasks` (`lane`,`rank`,`id`) WHERE status = 'pending' AND ready = 1;--> statement-breakpoint
CREATE INDEX `tasks_pending` ON `tasks` (`rank`,`id`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `tasks_due` ON `tasks` (`not_before`) WHERE status = 'pending' AND ready = 0;--> statement-breakpoint
CREATE INDEX `tasks_leased` ON `tasks` (`lease_expires_at`) WHERE status = 'in_progress';--> statement-breakpoint
CREATE INDEX `tasks_held` ON `tasks` (`instance_id`,`id`) WHERE status = 'in_progress';--> statement-breakpoint
CREATE INDEX `tasks_finished` ON `tasks` (`status`,`completed_at`) WHERE completed_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `tasks_finished_by_id` ON `tasks` (`status`,`id`) WHERE completed_at IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_origin` ON `tasks` (`origin_front_end`,`origin_ref`) WHERE origin_ref IS NOT NULL;--> statement-breakpoint
CREATE TRIGGER `tasks_counted_in` AFTER INSERT ON `tasks` BEGIN
	UPDATE `task_counts` SET `n` = `n` + 1 WHERE `status` = NEW.`status`;
END;
--> statement-breakpoint
CREATE TRIGGER `tasks_counted_out` AFTER DELETE ON `tasks` BEGIN
	UPDATE `task_counts` SET `n` = `n` - 1 WHERE `status` = OLD.`status`;
END;
--> statement-breakpoint
CREATE TRIGGER `tasks_recounted` AFTER UPDATE OF `status` ON `tasks` WHEN OLD.`status` <> NEW.`status` BEGIN
	UPDATE `task_counts` SET `n` = `n` - 1 WHERE `status` = OLD.`status`;
	UPDATE `task_counts` SET `n` = `n` + 1 WHERE `status` = NEW.`status`;
END;
--> statement-breakpoint
INSERT INTO `task_counts` (`status`, `n`) VALUES ('pending', 0), ('in_progress', 0), ('completed', 0), ('failed', 0), ('cancelled', 0);
--> statement-breakpoint
INSERT INTO `queue_state` (`id`, `paused`, `reason`) VALUES (1, 0, NULL);
