ALTER TABLE `questions` ADD `budget` text;--> statement-breakpoint
ALTER TABLE `replies` ADD `is_in_text` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `task_work` ADD `session_text` text;--> statement-breakpoint
ALTER TABLE `task_work` ADD `granted` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
UPDATE `task_work` SET `granted` = json_object('cost_usd', `grants`, 'tokens', `grants`, 'turns', `grants`, 'minutes', `grants`) WHERE `grants` > 0;
