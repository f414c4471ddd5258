CREATE TABLE `admin_logs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`action` text NOT NULL,
	`actor` text NOT NULL,
	`details` text NOT NULL,
	`key_id` text,
	`timestamp` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scope` text NOT NULL,
	`instance_id` text,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	`revoked_at` integer,
	CONSTRAINT "api_keys_scope" CHECK(scope IN ('read', 'submit', 'worker', 'admin')),
	CONSTRAINT "api_keys_instance" CHECK(instance_id IS NULL OR scope = 'worker')
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_name` ON `api_keys` (`name`) WHERE revoked_at IS NULL;--> statement-breakpoint
ALTER TABLE `task_logs` ADD `key_id` text;--> statement-breakpoint
CREATE INDEX `front_end_links_task` ON `front_end_links` (`task_id`);--> statement-breakpoint
CREATE INDEX `leases_task` ON `leases` (`task_id`);--> statement-breakpoint
CREATE INDEX `tasks_open_of_person` ON `tasks` (`created_by`) WHERE origin_ref IS NOT NULL AND completed_at IS NULL;--> statement-breakpoint
CREATE INDEX `tasks_of_person` ON `tasks` (`created_by`,`created_at`) WHERE origin_ref IS NOT NULL;